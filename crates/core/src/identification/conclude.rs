use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Found, IdentificationEvent, Workup, WorkupState, in_state};
use crate::blood::{Antigen, Typing};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::WorkupId;
use crate::patient::Specificity;
use crate::people::Action;
use crate::subject::Subject;

/// The most antibodies of one conclusion.
pub const ANTIBODIES_MOST: usize = 6;

/// Says which antibodies a sample holds. It counts only when a second person has verified it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConcludeIdentification {
    /// Which work-up.
    pub workup: WorkupId,
    /// The antibodies; empty where none was found or none may be named, which the note then says.
    pub antibodies: Vec<Found>,
    /// What remains open, what was sent on.
    pub note: String,
}

impl ConcludeIdentification {
    fn antigens(&self) -> Vec<Antigen> {
        self.antibodies
            .iter()
            .filter_map(|found| match found.specificity {
                Specificity::Antigen(antigen) => Some(antigen),
                Specificity::Other(_) => None,
            })
            .collect()
    }
}

impl Decide for ConcludeIdentification {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.workup.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let workup = checks.take(in_state(hospital, self.workup, WorkupState::Open));
        let least = if self.antibodies.is_empty() {
            Reason::LEAST
        } else {
            0
        };
        checks.text("note", &self.note, least, Reason::MOST);
        checks.require(self.antibodies.len() <= ANTIBODIES_MOST, || {
            Finding::bad_value("antibodies", "why-too-many")
        });
        let mut seen = BTreeSet::new();
        for found in &self.antibodies {
            checks.require(seen.insert(&found.specificity), || {
                Finding::bad_value("antibodies", "why-given-twice")
            });
            if let Specificity::Other(words) = &found.specificity {
                checks.told("specificity", words);
            }
        }
        if let Some(workup) = workup {
            self.agrees(hospital, workup, &mut checks);
        }
        let settled = checks.settle()?;
        Ok(workup
            .map(|workup| {
                IdentificationEvent::Concluded {
                    workup: workup.id,
                    patient: workup.patient,
                    sample: workup.sample.clone(),
                    antibodies: self.antibodies.clone(),
                    note: self.note.trim().into(),
                    settled,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

impl ConcludeIdentification {
    /// Plain checks against what was seen and what the patient is, apart from any proposal.
    fn agrees(&self, hospital: &Hospital, workup: &Workup, checks: &mut Checks<'_>) {
        let tested: Vec<_> = workup.tested(hospital).collect();
        checks.require(!tested.is_empty(), || {
            Finding::new(Rule::NothingTested).with("workup", workup.id)
        });
        let antigens = self.antigens();
        let own = hospital
            .record_of(workup.patient)
            .map(|record| record.antigens())
            .unwrap_or_default();
        for antigen in &antigens {
            checks.require(own.typing(*antigen) != Typing::Positive, || {
                Finding::new(Rule::AntibodyOwnAntigen)
                    .with("antigen", antigen.name())
                    .with("patient", workup.patient)
            });
            let supported = tested.iter().any(|(cell, reacted)| {
                *reacted && cell.antigens.typing(*antigen) == Typing::Positive
            });
            checks.require(supported, || {
                Finding::new(Rule::AntibodyUnsupported).with("antigen", antigen.name())
            });
        }
        // Words such as "autoantibody" answer for every cell.
        if antigens.len() < self.antibodies.len() || antigens.is_empty() {
            return;
        }
        let open: Vec<&str> = tested
            .iter()
            .filter(|(cell, reacted)| {
                *reacted
                    && antigens
                        .iter()
                        .all(|antigen| cell.antigens.typing(*antigen) == Typing::Negative)
            })
            .map(|(cell, _)| cell.id.as_str())
            .collect();
        checks.require(open.is_empty(), || {
            Finding::new(Rule::ReactionUnexplained).with("cells", open.join(" "))
        });
    }
}
