use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Assay, MeasuredEvent, Reported, Work, assay};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{AssayCode, LotId, SampleId};
use crate::people::Action;
use crate::quality::{self, Place};
use crate::subject::Subject;
use crate::testing::{Origin, lots_usable};

/// A value as it comes in, by whichever door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Of what.
    pub assay: AssayCode,
    /// In which sample.
    pub sample: SampleId,
    /// As reported, in the assay's unit.
    pub value: Reported,
    /// Reagents used.
    pub lots: BTreeSet<LotId>,
    /// When it was read.
    pub read: Timestamp,
}

/// Checks a value and tells what it says beside its limits. Both doors, the bench page and an analyser's message, come through here.
pub fn prepare(
    hospital: &Hospital,
    draft: &Draft,
    origin: Origin,
    at: Timestamp,
) -> Result<Work, Vec<Finding>> {
    let mut findings = Vec::new();
    if draft.read > at {
        findings.push(
            Finding::bad_value("read", "why-in-the-future")
                .with("value", draft.read)
                .with("now", at),
        );
    }
    let read = draft.read.min(at);
    let known = assay(hospital, draft.assay.as_str(), read)
        .map_err(|finding| findings.push(finding))
        .ok();
    let reference = match hospital.samples.get(&draft.sample) {
        None => {
            findings.push(Finding::not_found(draft.sample.clone()));
            None
        }
        Some(sample) => match hospital.record_of(sample.patient) {
            None => {
                findings.push(Finding::not_found(sample.patient));
                None
            }
            Some(record) => {
                findings.extend(record.sample_in_date(sample, read).err());
                known.and_then(|assay| assay.reference(hospital, record.standing(), sample.drawn))
            }
        },
    };
    let needed = origin == Origin::Bench
        && known.is_some_and(|assay| names_lots(hospital, assay, &Place::of(&origin), read));
    lots_usable(hospital, (&draft.lots, draft.read), needed, &mut findings);
    match known {
        Some(assay) if findings.is_empty() => Ok(Work {
            value: draft.value,
            unit: assay.unit.clone(),
            flags: assay.flags(draft.value, reference),
            lots: draft.lots.clone(),
            origin,
            read: draft.read,
        }),
        _ => Err(findings),
    }
}

/// Whether a control that covers the assay here is run with lots, so that a result must name its own.
fn names_lots(hospital: &Hospital, assay: &Assay, place: &Place, at: Timestamp) -> bool {
    quality::plan(hospital, at).is_ok_and(|controls| {
        controls.iter().any(|control| {
            assay.controls.contains(&control.code)
                && control.place.holds(hospital, place)
                && !control.lots.is_empty()
        })
    })
}

/// The most values of one entry.
pub const VALUES_MOST: usize = 40;

/// Enters values at the bench, all of them or none: what was read together goes on record together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordMeasurements {
    /// The values.
    pub drafts: Vec<Draft>,
}

impl Decide for RecordMeasurements {
    fn action(&self) -> Action {
        Action::TestRecord
    }

    fn subjects(&self) -> Vec<Subject> {
        let mut subjects: Vec<Subject> = self
            .drafts
            .iter()
            .map(|draft| draft.sample.clone().into())
            .collect();
        subjects.dedup();
        subjects
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.require(!self.drafts.is_empty(), || {
            Finding::bad_value("value", "why-missing")
        });
        checks.require(self.drafts.len() <= VALUES_MOST, || {
            Finding::bad_value("value", "why-too-many")
        });
        let mut events = Vec::new();
        let mut next = hospital.next.measurement;
        for draft in self.drafts.iter().take(VALUES_MOST) {
            match prepare(hospital, draft, Origin::Bench, context.at) {
                Ok(work) => events.push(
                    MeasuredEvent::Recorded {
                        measurement: next,
                        assay: draft.assay.clone(),
                        sample: draft.sample.clone(),
                        work,
                    }
                    .into(),
                ),
                // What stands against the sample or a lot is said once for all values.
                Err(findings) => {
                    for finding in findings {
                        if !checks.findings.contains(&finding) {
                            checks.find(finding);
                        }
                    }
                }
            }
            next = next.next();
        }
        checks.settle()?;
        Ok(events)
    }
}
