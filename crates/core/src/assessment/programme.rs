use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AssessmentEvent, ITEMS_MOST, Item, Measure, SAMPLES_MOST, TEXT_MOST, score};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::ProgrammeId;
use crate::people::Action;
use crate::subject::Subject;

/// Enters a programme, or changes it. Rounds planned before keep what they were planned with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveProgramme {
    /// Our name for it.
    pub programme: ProgrammeId,
    /// Chinese name.
    pub name: String,
    /// English name.
    pub latin: String,
    /// Who organises it.
    pub provider: String,
    /// The grading table.
    pub table: String,
    /// What it tests.
    pub items: Vec<Item>,
    /// Whether the department takes part.
    pub active: bool,
}

impl Decide for SaveProgramme {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.programme.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.text("name", &self.name, 1, TEXT_MOST);
        checks.text("latin", &self.latin, 1, TEXT_MOST);
        checks.text("provider", &self.provider, 1, TEXT_MOST);
        checks.require((1..=ITEMS_MOST).contains(&self.items.len()), || {
            Finding::bad_value("items", "why-out-of-range").with("most", ITEMS_MOST as i64)
        });
        let codes: BTreeSet<&str> = self.items.iter().map(|item| item.code.as_str()).collect();
        checks.require(codes.len() == self.items.len(), || {
            Finding::bad_value("items", "why-listed-twice")
        });
        let table = checks.take(score::table(hospital, &self.table, context.at));
        for item in &self.items {
            checks.text("items", &item.code, 1, TEXT_MOST);
            match &item.measure {
                Measure::Measured { unit } => checks.text("unit", unit, 1, TEXT_MOST),
                Measure::Graded => {
                    let listed = table
                        .as_ref()
                        .is_none_or(|table| table.items.contains_key(&item.code));
                    checks.require(listed, || {
                        Finding::bad_value("items", "why-not-in-table")
                            .with("value", item.code.as_str())
                    });
                }
            }
        }
        checks.settle()?;
        let event = AssessmentEvent::ProgrammeSaved {
            programme: self.programme.clone(),
            name: self.name.trim().into(),
            latin: self.latin.trim().into(),
            provider: self.provider.trim().into(),
            table: self.table.clone(),
            items: self.items.clone(),
            active: self.active,
        };
        Ok(vec![event.into()])
    }
}

/// Plans a round: its name, its deadline, how many samples will come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRound {
    /// Of which programme.
    pub programme: ProgrammeId,
    /// The provider's name of it.
    pub label: String,
    /// Results must be with the provider by then.
    pub deadline: Timestamp,
    /// Samples expected.
    pub samples: u32,
}

impl Decide for OpenRound {
    fn action(&self) -> Action {
        Action::AssessmentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.programme.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let Some(programme) = hospital.assessments.programmes.get(&self.programme) else {
            return Err(Finding::not_found(self.programme.clone()).into());
        };
        let label = self.label.trim();
        let mut checks = Checks::new(hospital, context);
        checks.text("label", label, 1, TEXT_MOST);
        checks.require(programme.active, || {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(self.programme.clone()))
                .word("state", "programme-state-inactive")
        });
        checks.require(self.deadline > context.at, || {
            Finding::bad_value("deadline", "why-in-the-past")
                .with("value", self.deadline)
                .with("now", context.at)
        });
        unused(&mut checks, hospital, &self.programme, label);
        let fits = (1..=SAMPLES_MOST).contains(&(self.samples as usize));
        checks.require(fits, || {
            Finding::bad_value("samples", "why-out-of-range").with("most", SAMPLES_MOST as i64)
        });
        checks.settle()?;
        let event = AssessmentEvent::RoundOpened {
            round: hospital.next.round,
            programme: self.programme.clone(),
            label: label.into(),
            items: programme.items.clone(),
            table: programme.table.clone(),
            expected: self.samples,
            deadline: self.deadline,
        };
        Ok(vec![event.into()])
    }
}

/// Adds a finding when the programme has a round of this name.
pub(super) fn unused(
    checks: &mut Checks<'_>,
    hospital: &Hospital,
    programme: &ProgrammeId,
    label: &str,
) {
    let known = hospital
        .assessments
        .of(programme)
        .find(|round| round.label == label);
    if let Some(round) = known {
        checks.find(Finding::new(Rule::AlreadyExists).with("subject", Subject::from(round.id)));
    }
}
