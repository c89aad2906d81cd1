use serde::{Deserialize, Serialize};

use super::known;
use crate::command::{Checks, Context, Decide, Decision};
use crate::hospital::Hospital;
use crate::id::CaseId;
use crate::people::Action;
use crate::policy::Key;
use crate::quality::QualityEvent;
use crate::subject::Subject;

/// Records why a control went out and what was done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrectCase {
    /// Which case.
    pub case: CaseId,
    /// Cause, a word of `quality.causes`.
    pub cause: String,
    /// What was done.
    pub action: String,
}

impl Decide for CorrectCase {
    fn action(&self) -> Action {
        Action::ControlRun
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.case.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(known(hospital, self.case));
        checks.coded(Key::CaseCauses, "cause", &self.cause);
        checks.told("action", &self.action);
        checks.settle()?;
        Ok(vec![
            QualityEvent::CaseCorrected {
                case: self.case,
                cause: self.cause.clone(),
                action: self.action.trim().into(),
            }
            .into(),
        ])
    }
}
