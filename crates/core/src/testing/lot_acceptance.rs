use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Lot, LotEvent, LotKind, Lots};
use crate::blood::Grade;
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::governance::grades_agree;
use crate::hospital::{Hospital, Stamp};
use crate::id::{LotId, UserId};
use crate::people::Action;
use crate::policy::{Key, Policies};
use crate::subject::Subject;

/// The most samples of one acceptance test.
pub const ACCEPTANCE_MOST: usize = 50;
/// The most characters of a sample's name.
const SAMPLE_MOST: usize = 40;

/// One sample read with the new lot beside what it must show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptanceRow {
    /// The sample's name.
    pub sample: String,
    /// What the lot in use shows, or what is known of the sample.
    pub expected: Grade,
    /// What the new lot shows.
    pub found: Grade,
}

/// An acceptance test of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// The lot it was compared with; `None` for samples whose reactions are known.
    pub against: Option<LotId>,
    /// The readings.
    pub rows: Vec<AcceptanceRow>,
    /// Steps that a reaction might differ.
    pub steps: u8,
    /// Every sample agrees; computed, never typed in.
    pub passed: bool,
    /// Who signed beside whoever tested.
    pub second: UserId,
    /// Remarks.
    pub note: String,
    /// Who tested, when.
    pub tested: Stamp,
}

/// Whether lots of a kind must be accepted before use at a moment. Without the policy every lot must.
pub(super) fn must_be_accepted(policies: &Policies, kind: LotKind, at: Timestamp) -> bool {
    policies
        .words(Key::LotAcceptance, at)
        .map_or(true, |kinds| kinds.iter().any(|word| word == kind.as_str()))
}

/// Tests a lot side by side with the one in use, or with known samples, before patients are tested with it. Two people sign. A
/// lot that fails stays out of use; it may be tested again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptLot {
    /// Which.
    pub lot: LotId,
    /// The lot in use it is compared with; `None` for known samples.
    pub against: Option<LotId>,
    /// The readings.
    pub rows: Vec<AcceptanceRow>,
    /// Remarks.
    pub note: String,
}

impl Decide for AcceptLot {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![Subject::from(self.lot.clone())];
        subjects.extend(self.against.clone().map(Subject::from));
        subjects
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        if let Some(lot) = checks.take(super::lots::known(hospital, &self.lot)) {
            self.fits(&mut checks, &hospital.lots, lot, context.at);
        }
        let least = checks.take(
            hospital
                .policies
                .count(Key::LotAcceptanceSamples, context.at),
        );
        let steps = checks.take(hospital.policies.count(Key::LotAcceptanceSteps, context.at));
        if let Some(least) = least {
            let count = self.rows.len();
            checks.require(count as i64 >= least && count <= ACCEPTANCE_MOST, || {
                Finding::bad_value("rows", "why-samples")
                    .with("least", least)
                    .with("most", ACCEPTANCE_MOST as i64)
            });
        }
        for row in &self.rows {
            checks.text("sample", &row.sample, 1, SAMPLE_MOST);
        }
        let names: BTreeSet<&str> = self.rows.iter().map(|row| row.sample.trim()).collect();
        checks.require(names.len() == self.rows.len(), || {
            Finding::bad_value("rows", "why-sample-twice")
        });
        // What never reacts and what always reacts both show nothing.
        let reacts = |row: &&AcceptanceRow| row.expected != Grade::Negative;
        let reactive = self.rows.iter().filter(reacts).count();
        checks.require(reactive > 0 && reactive < self.rows.len(), || {
            Finding::bad_value("rows", "why-both-signs")
        });
        checks.text("note", &self.note, 0, Reason::MOST);
        let second = checks.second(Action::LotManage);
        checks.settle()?;
        let (Some(second), Some(steps)) = (second, steps) else {
            return Ok(Vec::new());
        };
        let steps = u8::try_from(steps).unwrap_or_default();
        let passed = self
            .rows
            .iter()
            .all(|row| grades_agree(row.expected, row.found, steps));
        let rows = self.rows.iter().map(|row| AcceptanceRow {
            sample: row.sample.trim().into(),
            ..row.clone()
        });
        Ok(vec![
            LotEvent::Tested {
                lot: self.lot.clone(),
                against: self.against.clone(),
                rows: rows.collect(),
                steps,
                passed,
                note: self.note.trim().into(),
                second,
            }
            .into(),
        ])
    }
}

impl AcceptLot {
    fn fits(&self, checks: &mut Checks<'_>, lots: &Lots, lot: &Lot, at: Timestamp) {
        let wrong = |state: &'static str| {
            Finding::new(Rule::WrongState)
                .with("subject", Subject::from(lot.id.clone()))
                .word("state", state)
        };
        checks.require(lot.blocked.is_none(), || wrong("lot-state-blocked"));
        checks.require(at < lot.expires, || wrong("lot-state-expired"));
        checks.require(!lot.accepted(), || wrong("lot-state-accepted"));
        let Some(against) = &self.against else { return };
        match lots.get(against) {
            None => checks.find(Finding::not_found(against.clone())),
            Some(other) => {
                checks.require(other.id != lot.id && other.kind == lot.kind, || {
                    Finding::bad_value("against", "why-another-kind")
                        .with("value", against.as_str())
                });
                let unusable = other.unusable(at);
                if let Some(why) = unusable.filter(|_| other.id != lot.id) {
                    checks.find(
                        Finding::new(Rule::LotUnusable)
                            .with("lot", against.clone())
                            .word("why", why),
                    );
                }
            }
        }
    }
}
