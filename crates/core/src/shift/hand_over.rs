use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Matter, ShiftEvent, counts, matters};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;

/// Hands the shift over: the actor to the second person, who signs that both went through what waits. The list is made here and
/// not taken from the page, so that the fact holds what was true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOverShift {
    /// What is in no list, in words; at most [`Reason::MOST`] characters.
    pub notes: String,
    /// How much of each kind the page showed. More than that now refuses: nobody takes over what they have not seen.
    pub shown: BTreeMap<Matter, u64>,
}

impl HandOverShift {
    /// The most things one hand-over lists.
    pub const ITEMS_MOST: usize = 500;
}

impl Decide for HandOverShift {
    fn action(&self) -> Action {
        Action::ShiftHandOver
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.text("notes", &self.notes, 0, Reason::MOST);
        let mut items = matters(hospital, context.at);
        for (matter, now) in counts(&items) {
            let shown = self.shown.get(&matter).copied().unwrap_or(0);
            checks.require(now <= shown, || {
                let word = match matter {
                    Matter::Alarm(kind) => format!("alarm-{}", kind.as_str().replace('_', "-")),
                    other => format!("matter-{}", other.as_str().replace('_', "-")),
                };
                Finding::new(Rule::ShiftChanged)
                    .word("matter", word)
                    .with("shown", i64::try_from(shown).unwrap_or(i64::MAX))
                    .with("now_waiting", i64::try_from(now).unwrap_or(i64::MAX))
            });
        }
        let taker = checks.second(Action::ShiftHandOver);
        checks.settle()?;
        let beyond = items.len().saturating_sub(Self::ITEMS_MOST);
        items.truncate(Self::ITEMS_MOST);
        Ok(taker
            .map(|taker| {
                ShiftEvent::HandedOver {
                    shift: hospital.next.shift,
                    taker,
                    notes: self.notes.trim().into(),
                    items,
                    beyond: beyond as u64,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
