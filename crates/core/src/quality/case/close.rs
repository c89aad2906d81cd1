use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{known, unsettled};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{CaseId, UserId};
use crate::people::Action;
use crate::quality::{ControlRun, QualityEvent};
use crate::subject::Subject;
use crate::testing::Origin;

/// Closes a case, as somebody who neither ran the control nor recorded the correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseCase {
    /// Which case.
    pub case: CaseId,
    /// What the person makes of it.
    pub note: String,
}

impl Decide for CloseCase {
    fn action(&self) -> Action {
        Action::CaseDecide
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.case.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("note", &self.note);
        if let Some(case) = checks.take(known(hospital, self.case)) {
            let open = |why: &'static str| {
                Finding::new(Rule::CaseOpen)
                    .with("case", self.case)
                    .word("why", why)
            };
            checks.require(!case.corrections.is_empty(), || {
                open("case-lacks-correction")
            });
            let undecided = case.undecided().count();
            checks.require(undecided == 0, || {
                open("case-lacks-decisions").with("count", undecided as i64)
            });
            let levels: BTreeSet<String> = unsettled(hospital, case, context.at)
                .into_iter()
                .map(|cover| cover.level.to_string())
                .collect();
            checks.require(levels.is_empty(), || {
                let levels: Vec<String> = levels.into_iter().collect();
                open("case-lacks-repeat").with("levels", levels.join(" "))
            });
            let ran = case
                .runs
                .iter()
                .filter_map(|run| hospital.quality.run(*run))
                .any(|run| ran_by(run, &context.actor));
            let corrected = case
                .corrections
                .iter()
                .any(|(_, _, stamp)| stamp.by == context.actor);
            checks.require(!ran && !corrected, || {
                Finding::new(Rule::CaseOwnWork)
                    .with("case", self.case)
                    .with("user", context.actor.clone())
            });
        }
        checks.settle()?;
        Ok(vec![
            QualityEvent::CaseClosed {
                case: self.case,
                note: self.note.trim().into(),
            }
            .into(),
        ])
    }
}

/// Whether a person ran a control: entered it, or stood at the machine that sent it, as far as the machine's word for them is their
/// login.
fn ran_by(run: &ControlRun, person: &UserId) -> bool {
    let at_the_machine = match &run.origin {
        Origin::Bench => None,
        Origin::Device { operator, .. } => operator.as_deref(),
    };
    run.recorded.by == *person || at_the_machine == Some(person.as_str())
}
