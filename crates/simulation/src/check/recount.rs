//! Every index counted anew from the things themselves.

use std::collections::{BTreeMap, BTreeSet};

use lifeline_core::blood::UnitId;
use lifeline_core::device::MessageState;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::*;
use lifeline_core::sample::SampleState;
use lifeline_core::testing::discrepancy::{Discrepancy, Ruling};
use lifeline_core::testing::{Material, Origin, TestState};
use lifeline_core::unit::Status;

use super::{Broken, holds, unit};
use crate::report::Report;

/// Compares an index with what it should hold.
fn same<T: Ord + std::fmt::Debug>(
    report: &mut Report,
    name: &'static str,
    index: impl IntoIterator<Item = T>,
    counted: impl IntoIterator<Item = T>,
) -> Result<(), Broken> {
    let mut index: Vec<T> = index.into_iter().collect();
    let mut counted: Vec<T> = counted.into_iter().collect();
    index.sort();
    counted.sort();
    let good = index == counted;
    holds(report, name, good, || {
        let extra: Vec<&T> = index
            .iter()
            .filter(|one| counted.binary_search(one).is_err())
            .take(5)
            .collect();
        let lacking: Vec<&T> = counted
            .iter()
            .filter(|one| index.binary_search(one).is_err())
            .take(5)
            .collect();
        format!(
            "{} in the index, {} counted; only in the index {extra:?}, only counted {lacking:?}",
            index.len(),
            counted.len()
        )
    })
}

/// Counts everything.
pub(crate) fn recount(hospital: &Hospital, report: &mut Report) -> Result<(), Broken> {
    units(hospital, report)?;
    tests(hospital, report)?;
    measured(hospital, report)?;
    care(hospital, report)?;
    messages(hospital, report)?;
    patients(hospital, report)
}

fn units(hospital: &Hospital, report: &mut Report) -> Result<(), Broken> {
    let units = &hospital.units;
    let where_status = |fits: fn(Status) -> bool| {
        units
            .iter()
            .filter(move |unit| fits(unit.status))
            .map(|unit| unit.id)
    };
    same(
        report,
        "the shelf is what is on the shelf",
        units.shelf().map(|unit| unit.id),
        where_status(Status::on_shelf),
    )?;
    same(
        report,
        "the quarantine list is what is in quarantine",
        units.quarantined().map(|unit| unit.id),
        where_status(|status| status == Status::Quarantined),
    )?;
    let reserved: Vec<_> = units
        .iter()
        .filter_map(|unit| Some((unit, unit.reservation.as_ref()?)))
        .collect();
    same(
        report,
        "the list of holds is what is held",
        units.held().map(|(until, unit)| (until, unit.id)),
        reserved.iter().map(|(unit, held)| (held.until, unit.id)),
    )?;
    let requests: BTreeSet<RequestId> = reserved.iter().map(|(_, held)| held.request).collect();
    same(
        report,
        "what is held for a request is on its list",
        requests
            .iter()
            .flat_map(|request| units.held_for(*request).map(|unit| unit.id)),
        reserved.iter().map(|(unit, _)| unit.id),
    )?;
    let owners: BTreeSet<PatientId> = units.iter().filter_map(|unit| unit.locked_to).collect();
    same(
        report,
        "directed bags are on their owner's list",
        owners
            .iter()
            .flat_map(|owner| units.locked_to(*owner).map(|unit| unit.id)),
        units
            .iter()
            .filter(|unit| unit.locked_to.is_some() && unit.status.on_shelf())
            .map(|unit| unit.id),
    )?;
    for found in units.iter() {
        unit::stands(hospital, &found.id, report)?;
        let traced = found.children.iter().all(|child| {
            units
                .get(child)
                .is_some_and(|child| child.parents.contains(&found.id))
        }) && found.parents.iter().all(|parent| {
            units.get(parent).is_some_and(|parent| {
                parent.children.contains(&found.id) && parent.status == Status::Consumed
            })
        });
        holds(
            report,
            "every part knows its origin and the origin its parts",
            traced,
            || found.id.to_string(),
        )?;
    }
    let mut out: BTreeMap<UnitId, IssueId> = BTreeMap::new();
    for issue in hospital.issues.open() {
        let other = out.insert(issue.unit, issue.id);
        holds(
            report,
            "one bag is out on one hand-over",
            other.is_none(),
            || format!("{} on {} and {other:?}", issue.unit, issue.id),
        )?;
    }
    Ok(())
}

fn measured(hospital: &Hospital, report: &mut Report) -> Result<(), Broken> {
    let all = &hospital.measurements;
    same(
        report,
        "the list of measured results is what waits for verification",
        all.pending().map(|one| one.id),
        all.iter()
            .filter(|one| one.state == TestState::Entered)
            .map(|one| one.id),
    )?;
    let samples = hospital.samples.iter().map(|sample| sample.id.clone());
    same(
        report,
        "a sample's measured results are on its list",
        samples
            .collect::<BTreeSet<_>>()
            .iter()
            .flat_map(|sample| all.of_sample(sample).map(|one| one.id)),
        all.iter().map(|one| one.id),
    )?;
    let assays: BTreeSet<_> = all.iter().map(|one| one.assay.clone()).collect();
    same(
        report,
        "a stream holds what is not void",
        assays.iter().flat_map(|assay| {
            all.places(assay).into_iter().flat_map(|place| {
                all.stream(assay, &place)
                    .map(|one| one.id)
                    .collect::<Vec<_>>()
            })
        }),
        all.iter()
            .filter(|one| one.state != TestState::Invalidated)
            .map(|one| one.id),
    )
}

fn tests(hospital: &Hospital, report: &mut Report) -> Result<(), Broken> {
    let tests = &hospital.tests;
    same(
        report,
        "the worklist is what waits for verification",
        tests.pending().map(|test| test.id),
        tests
            .iter()
            .filter(|test| test.state == TestState::Entered)
            .map(|test| test.id),
    )?;
    let on_units: BTreeSet<UnitId> = hospital.units.iter().map(|unit| unit.id).collect();
    same(
        report,
        "a bag's tests are on its list",
        on_units
            .iter()
            .flat_map(|unit| tests.of_unit(*unit).map(|test| test.id)),
        tests
            .iter()
            .filter(|test| matches!(test.material, Material::Unit(_)))
            .map(|test| test.id),
    )?;
    same(
        report,
        "a tube's tests are on the tube",
        hospital
            .samples
            .iter()
            .flat_map(|sample| sample.tests.iter().copied()),
        tests
            .iter()
            .filter(|test| matches!(test.material, Material::Sample(_)))
            .map(|test| test.id),
    )?;
    for test in tests.iter() {
        holds(
            report,
            "no result stands unverified",
            standing(test),
            || format!("{test:?}"),
        )?;
    }
    Ok(())
}

/// A standing result was verified by somebody other than who entered it.
fn standing(test: &lifeline_core::testing::Test) -> bool {
    test.standing().is_none_or(|version| {
        version
            .verified
            .as_ref()
            .is_some_and(|verified| verified.by != version.entered.by)
    })
}

fn care(hospital: &Hospital, report: &mut Report) -> Result<(), Broken> {
    let requests = &hospital.requests;
    same(
        report,
        "the open requests are those that are open",
        requests.open().map(|request| request.id),
        requests
            .iter()
            .filter(|request| request.state.open())
            .map(|request| request.id),
    )?;
    let (crossmatches, issues) = (&hospital.crossmatches, &hospital.issues);
    same(
        report,
        "the review list is what waits for review",
        crossmatches.unreviewed().map(|found| found.id),
        crossmatches
            .iter()
            .filter(|found| found.reviewed.is_none() && found.void.is_none())
            .map(|found| found.id),
    )?;
    same(
        report,
        "a request's crossmatches are on its list",
        requests
            .iter()
            .flat_map(|request| crossmatches.of_request(request.id).map(|found| found.id)),
        crossmatches.iter().map(|found| found.id),
    )?;
    same(
        report,
        "the open hand-overs are those without an end",
        issues.open().map(|issue| issue.id),
        issues
            .iter()
            .filter(|issue| issue.returned.is_none() && issue.fate.is_none())
            .map(|issue| issue.id),
    )?;
    same(
        report,
        "the retrospective list is what waits for its crossmatch",
        issues
            .retrospective()
            .filter_map(|issue| Some((issue.retrospective_due?, issue.id))),
        issues
            .iter()
            .filter_map(|issue| Some((issue.retrospective_due?, issue.id))),
    )?;
    same(
        report,
        "the alarms are the hand-overs with an alarm",
        issues.alarms().map(|issue| issue.id),
        issues
            .iter()
            .filter(|issue| issue.alarm)
            .map(|issue| issue.id),
    )?;
    same(
        report,
        "a patient's hand-overs are on the patient's list",
        hospital
            .patients
            .iter()
            .flat_map(|patient| issues.of_patient(patient.id).map(|issue| issue.id)),
        issues.iter().map(|issue| issue.id),
    )
}

fn messages(hospital: &Hospital, report: &mut Report) -> Result<(), Broken> {
    let devices = &hospital.devices;
    let in_state = |fits: fn(&MessageState) -> bool| {
        devices
            .messages()
            .filter(move |message| fits(&message.state))
            .map(|message| message.id)
    };
    same(
        report,
        "the waiting messages are those not acted on",
        devices.waiting().map(|message| message.id),
        in_state(|state| *state == MessageState::Stored),
    )?;
    same(
        report,
        "the error queue is the messages that failed",
        devices.failed().map(|message| message.id),
        in_state(|state| matches!(state, MessageState::Failed(_))),
    )?;
    let made = devices
        .messages()
        .flat_map(|message| message.tests.iter().copied());
    let of_devices = hospital
        .tests
        .iter()
        .filter(|test| {
            test.versions
                .first()
                .is_some_and(|version| matches!(version.origin, Origin::Device { .. }))
        })
        .map(|test| test.id);
    same(
        report,
        "every result of a device names its message",
        made,
        of_devices,
    )
}

fn patients(hospital: &Hospital, report: &mut Report) -> Result<(), Broken> {
    let patients = &hospital.patients;
    same(
        report,
        "a patient's samples are on the patient's list",
        patients.iter().flat_map(|patient| {
            hospital
                .samples
                .of_patient(patient.id)
                .map(|sample| sample.id.clone())
        }),
        hospital.samples.iter().map(|sample| sample.id.clone()),
    )?;
    let mut numbers = BTreeSet::new();
    for patient in patients.iter() {
        for number in patient.numbers.keys() {
            holds(
                report,
                "a number names one record",
                numbers.insert(number.clone()),
                || number.to_string(),
            )?;
        }
        for absorbed in &patient.absorbed {
            let back = patients
                .get(*absorbed)
                .and_then(|record| record.merged_into);
            holds(
                report,
                "a merge is known on both records",
                back == Some(patient.id),
                || format!("{} and {absorbed}", patient.id),
            )?;
        }
        for determination in &patient.determinations {
            let Some(test) = determination.test else {
                continue;
            };
            let ruled = |found: &Discrepancy| {
                let conclusion = found.conclusion.as_ref();
                conclusion.is_some_and(|conclusion| {
                    conclusion.verified.is_some() && matches!(conclusion.ruling, Ruling::Group(_))
                })
            };
            let stands = hospital
                .tests
                .get(test)
                .is_some_and(|test| match test.state {
                    TestState::Verified => true,
                    TestState::WorkedUp => hospital
                        .discrepancies
                        .of_test(test.id)
                        .is_some_and(|found| ruled(found)),
                    _ => false,
                });
            holds(
                report,
                "a group on file rests on a standing result",
                stands,
                || format!("{} by {test}", patient.id),
            )?;
        }
    }
    for sample in hospital.samples.iter() {
        let good = match &sample.state {
            SampleState::Suspect(test) => sample.tests.contains(test),
            _ => true,
        };
        holds(report, "a suspicion names a test of the tube", good, || {
            sample.id.to_string()
        })?;
    }
    Ok(())
}
