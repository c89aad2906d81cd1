use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CellId, IdentificationEvent, PanelReading, Phase, WorkupState, in_state};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{LotId, WorkupId};
use crate::people::Action;
use crate::subject::Subject;

/// The most readings of one entry.
pub const READINGS_MOST: usize = 400;

/// Enters what cells did, or takes single entries back, while the work-up is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPanel {
    /// Which work-up.
    pub workup: WorkupId,
    /// What was read. Each cell and phase once.
    pub readings: Vec<PanelReading>,
}

impl Decide for RecordPanel {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        let mut subjects = vec![self.workup.into()];
        let lots: BTreeSet<&LotId> = self
            .readings
            .iter()
            .filter_map(|reading| reading.cell.as_ref().map(|(lot, _)| lot))
            .collect();
        subjects.extend(lots.into_iter().cloned().map(Subject::from));
        subjects
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let workup = checks.take(in_state(hospital, self.workup, WorkupState::Open));
        checks.require(!self.readings.is_empty(), || {
            Finding::bad_value("readings", "why-missing")
        });
        checks.require(self.readings.len() <= READINGS_MOST, || {
            Finding::bad_value("readings", "why-too-many")
        });
        let mut lots = BTreeSet::<&LotId>::new();
        let mut seen = BTreeSet::<(Option<&(LotId, CellId)>, Phase)>::new();
        for reading in self.readings.iter().take(READINGS_MOST) {
            checks.require(seen.insert((reading.cell.as_ref(), reading.phase)), || {
                Finding::bad_value("readings", "why-given-twice")
            });
            let Some((lot, cell)) = &reading.cell else {
                continue;
            };
            // An entry may be taken back whatever has become of the lot.
            if lots.insert(lot) && reading.grade.is_some() {
                let why = match hospital.lots.get(lot) {
                    None => Some("lot-state-unknown"),
                    Some(lot) => lot.unusable(context.at),
                };
                if let Some(why) = why {
                    checks.find(
                        Finding::new(Rule::LotUnusable)
                            .with("lot", lot.clone())
                            .word("why", why),
                    );
                }
                if hospital.identifications.antigram(lot).is_none() {
                    checks.find(Finding::new(Rule::AntigramMissing).with("lot", lot.clone()));
                }
            }
            if let Some(antigram) = hospital.identifications.antigram(lot) {
                checks.require(antigram.cell(cell).is_some(), || {
                    Finding::new(Rule::CellUnknown)
                        .with("lot", lot.clone())
                        .with("cell", cell.as_str())
                });
            }
        }
        // What is tested late is tested on another sample.
        if let Some(workup) = workup
            && let Some(sample) = hospital.samples.get(&workup.sample)
            && let Some(record) = hospital.record_of(workup.patient)
        {
            checks.take(record.sample_in_date(sample, context.at));
        }
        checks.settle()?;
        Ok(workup
            .map(|workup| {
                IdentificationEvent::Read {
                    workup: workup.id,
                    patient: workup.patient,
                    sample: workup.sample.clone(),
                    readings: self.readings.clone(),
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
