//! How much of what was crossmatched was transfused: what the crossmatch-to-transfusion ratio and the like are computed from.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lifeline_core::blood::Component;
use lifeline_core::crossmatch::Outcome;
use lifeline_core::hospital::Hospital;
use lifeline_core::issue::Fate;

/// Days looked back on.
pub const DAYS: i64 = 30;

/// Red cells of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bags found compatible for somebody, each counted once a request.
    pub crossmatched: u32,
    /// Of them, bags transfused on that request.
    pub transfused: u32,
    /// Patients for whom at least one bag was crossmatched.
    pub patients: u32,
    /// Of them, patients who were given at least one.
    pub patients_transfused: u32,
}

/// Counts crossmatches of red cells in the [`DAYS`] before a moment.
pub fn usage(hospital: &Hospital, at: Timestamp) -> Usage {
    let from = at - SignedDuration::from_hours(24 * DAYS);
    let (mut bags, mut given) = (BTreeSet::new(), BTreeSet::new());
    let (mut patients, mut given_to) = (BTreeSet::new(), BTreeSet::new());
    let recent = hospital
        .crossmatches
        .iter()
        .rev()
        .take_while(|found| found.recorded.at >= from);
    for found in recent.filter(|found| found.void.is_none()) {
        let cells = hospital
            .units
            .get(&found.unit)
            .is_some_and(|unit| unit.component == Component::RedCells);
        if !cells || found.outcome != Outcome::Compatible {
            continue;
        }
        let pair = (found.unit, found.request);
        bags.insert(pair);
        patients.insert(found.patient);
        let went_in = hospital
            .requests
            .get(found.request)
            .into_iter()
            .flat_map(|request| &request.issues)
            .filter_map(|issue| hospital.issues.get(*issue))
            .any(|issue| {
                issue.unit == found.unit
                    && matches!(&issue.fate, Some((_, Fate::Transfused { .. })))
            });
        if went_in {
            given.insert(pair);
            given_to.insert(found.patient);
        }
    }
    let count = |many: usize| u32::try_from(many).unwrap_or(u32::MAX);
    Usage {
        crossmatched: count(bags.len()),
        transfused: count(given.len()),
        patients: count(patients.len()),
        patients_transfused: count(given_to.len()),
    }
}
