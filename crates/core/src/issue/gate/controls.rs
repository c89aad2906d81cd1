//! Whether the results a hand-over rests on were made under controls that stood.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::serology::{abbreviated, standing_crossmatch};
use super::{Case, Purpose, emergency};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::TestId;
use crate::patient::Record;
use crate::quality::{findings_of_crossmatch, findings_of_test};
use crate::request::EmergencyLevel;
use crate::testing::TestKind;
use crate::unit::{Regroup, Unit};

/// The tests that say the patient's group.
fn grouping(record: &Record<'_>) -> BTreeSet<TestId> {
    record
        .determinations()
        .iter()
        .filter_map(|determination| determination.test)
        .collect()
}

/// The verified screens on samples in date.
fn screening(hospital: &Hospital, record: &Record<'_>, at: Timestamp) -> BTreeSet<TestId> {
    record
        .samples()
        .into_iter()
        .filter(|sample| record.sample_in_date(sample, at).is_ok())
        .flat_map(|sample| sample.tests.iter().copied())
        .filter(|id| {
            hospital
                .tests
                .get(*id)
                .is_some_and(|test| test.kind == TestKind::Screen && test.standing().is_some())
        })
        .collect()
}

fn confirming(unit: &Unit) -> Option<TestId> {
    match unit.regroup {
        Regroup::Confirmed(test) => Some(test),
        _ => None,
    }
}

fn of_tests(hospital: &Hospital, tests: impl IntoIterator<Item = TestId>) -> Vec<Finding> {
    tests
        .into_iter()
        .filter_map(|id| hospital.tests.get(id))
        .flat_map(|test| findings_of_test(hospital, test))
        .collect()
}

/// What controls have against everything an electronic crossmatch of this unit for this patient is computed from.
pub(crate) fn beneath_electronic(
    hospital: &Hospital,
    record: &Record<'_>,
    unit: &Unit,
    at: Timestamp,
) -> Vec<Finding> {
    let mut tests = grouping(record);
    tests.extend(screening(hospital, record, at));
    tests.extend(confirming(unit));
    of_tests(hospital, tests)
}

/// What a hand-over rests on: routinely everything; in an emergency the bag's own group, and only as much of the patient's as the
/// level uses. Blood that rests on no result stays possible whatever the controls say.
pub(super) fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let (hospital, record, at) = (case.hospital, &case.record, case.at);
    let mut tests: BTreeSet<TestId> = confirming(case.unit).into_iter().collect();
    let cells = case.unit.component.carries_red_cells();
    let crossmatch = match case.purpose {
        Purpose::Reserve => return,
        Purpose::Issue => {
            tests.extend(grouping(record));
            if cells {
                tests.extend(screening(hospital, record, at));
            }
            standing_crossmatch(hospital, record, (case.unit.id, case.request.id), at)
                .filter(|_| cells)
        }
        Purpose::Emergency(level) => {
            if level != EmergencyLevel::Uncrossmatched
                && emergency::grouped_on_sample_in_date(record, at)
            {
                tests.extend(grouping(record));
            }
            abbreviated(case).filter(|_| cells && level == EmergencyLevel::Abbreviated)
        }
    };
    findings.extend(of_tests(hospital, tests));
    findings.extend(
        crossmatch
            .into_iter()
            .flat_map(|found| findings_of_crossmatch(hospital, found)),
    );
}
