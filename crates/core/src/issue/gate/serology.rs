use super::{Case, Purpose};
use crate::blood::UnitId;
use crate::crossmatch::{Crossmatch, Outcome, Proof, unmet};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::patient::Record;
use crate::policy::Key;
use crate::request::EmergencyLevel;
use crate::testing::{Call, Interpretation, TestKind};

/// The serology of one patient on samples that are in date now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serology {
    /// No verified screen on a sample in date.
    Missing,
    /// The newest verified screen on a sample in date is negative.
    Negative,
    /// A verified screen on a sample in date is positive.
    Positive(crate::id::TestId),
}

impl Serology {
    /// Reads the verified antibody screens of every sample in date; one positive screen outweighs a negative one.
    pub fn of(hospital: &Hospital, record: &Record<'_>, at: jiff::Timestamp) -> Self {
        let mut found = Self::Missing;
        for sample in record.samples().into_iter().rev() {
            if record.sample_in_date(sample, at).is_err() {
                continue;
            }
            let screens = sample
                .tests
                .iter()
                .filter_map(|id| hospital.tests.get(*id))
                .filter(|test| test.kind == TestKind::Screen);
            for test in screens {
                match test.standing().map(|version| &version.interpretation) {
                    Some(Interpretation::Screen(Call::Positive)) => return Self::Positive(test.id),
                    Some(Interpretation::Screen(Call::Negative)) => found = Self::Negative,
                    _ => {}
                }
            }
        }
        found
    }
}

/// Sample, screen and crossmatch. Only what carries red cells is crossmatched.
pub(super) fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    if !case.unit.component.carries_red_cells() {
        return;
    }
    incompatible(case, findings);
    if !case.handing_over() {
        return;
    }
    if let Err(finding) = case.record.current_sample(case.at) {
        // A suspect sample was found with the group already.
        if finding.rule != Rule::SampleWrongBlood {
            findings.push(finding);
        }
    }
    let patient = case.record.id();
    match Serology::of(case.hospital, &case.record, case.at) {
        Serology::Negative => {}
        Serology::Missing => {
            findings.push(Finding::new(Rule::ScreenMissing).with("patient", patient));
        }
        // Once the antibody is named on file, antigen-negative cells and the crossmatch answer for it.
        Serology::Positive(_) if case.record.antibodies().next().is_some() => {}
        Serology::Positive(test) => findings.push(
            Finding::new(Rule::ScreenPositive)
                .with("patient", patient)
                .with("test", test),
        ),
    }
    match case.purpose {
        Purpose::Emergency(EmergencyLevel::Abbreviated) if abbreviated(case).is_none() => {
            findings.push(
                case.about(Rule::EmergencyUnmet)
                    .with("patient", patient)
                    .word("level", "emergency-level-abbreviated"),
            );
        }
        _ => {}
    }
    crossmatched(case, findings);
}

fn of_case<'a>(case: &Case<'a>) -> impl Iterator<Item = &'a Crossmatch> {
    let record = case.record.clone();
    case.hospital
        .crossmatches
        .of_unit(case.unit.id)
        .rev()
        .map(|crossmatch| &**crossmatch)
        .filter(move |crossmatch| crossmatch.void.is_none() && record.holds(crossmatch.patient))
}

/// An incompatible crossmatch with this patient stands against the unit for good, unless it was declared void, or two doctors
/// and the head of department answer for this bag in this request while the crossmatch is in date.
fn incompatible(case: &Case<'_>, findings: &mut Vec<Finding>) {
    if let Some(found) = of_case(case).find(|found| found.outcome == Outcome::Incompatible) {
        let excepted = found.excepted_for(case.request.id);
        let rule = if excepted && found.expires > case.at {
            Rule::CrossmatchLeast
        } else {
            Rule::CrossmatchIncompatible
        };
        let mut finding = case
            .about(rule)
            .with("crossmatch", found.id)
            .with("patient", case.record.id());
        if let Some(exception) = found.exception.as_ref().filter(|_| excepted) {
            finding = finding
                .with("reason", exception.reason.as_str())
                .with("doctor", exception.asked.by.clone());
            for signed in [&exception.agreed, &exception.approved]
                .into_iter()
                .flatten()
            {
                finding = finding.with("signed", signed.by.clone());
            }
        }
        findings.push(finding);
    }
}

/// A compatible crossmatch of any method on a sample in date.
pub(super) fn abbreviated<'a>(case: &Case<'a>) -> Option<&'a Crossmatch> {
    of_case(case).find(|found| {
        found.outcome == Outcome::Compatible
            && found.expires > case.at
            && on_sample_in_date(&case.record, found, case.at)
    })
}

fn on_sample_in_date(record: &Record<'_>, crossmatch: &Crossmatch, at: jiff::Timestamp) -> bool {
    record
        .sample(&crossmatch.sample)
        .is_some_and(|sample| record.sample_in_date(sample, at).is_ok())
}

/// Whether the method suffices alone: it detects incomplete antibodies, or it is a computed proof.
fn suffices(hospital: &Hospital, crossmatch: &Crossmatch, at: jiff::Timestamp) -> bool {
    match &crossmatch.proof {
        Proof::Electronic { .. } => true,
        Proof::Serological { method, .. } => hospital
            .policies
            .words(Key::CrossmatchMethods, at)
            .is_ok_and(|methods| methods.contains(method)),
    }
}

/// What stands against resting an issue on this crossmatch now.
fn weakness(
    hospital: &Hospital,
    record: &Record<'_>,
    crossmatch: &Crossmatch,
    at: jiff::Timestamp,
) -> Option<Rule> {
    if crossmatch.expires <= at || !on_sample_in_date(record, crossmatch, at) {
        Some(Rule::CrossmatchExpired)
    } else if !suffices(hospital, crossmatch, at) {
        Some(Rule::CrossmatchMissing)
    } else if crossmatch.reviewed.is_none() {
        Some(Rule::CrossmatchUnreviewed)
    } else {
        None
    }
}

/// The crossmatch an issue of the unit to the patient for this request may rest on, newest first: a compatible one, or one that
/// two doctors and the head of department answer for.
pub fn standing_crossmatch<'a>(
    hospital: &'a Hospital,
    record: &Record<'_>,
    (unit, request): (UnitId, RequestId),
    at: jiff::Timestamp,
) -> Option<&'a Crossmatch> {
    hospital
        .crossmatches
        .of_unit(unit)
        .rev()
        .map(|crossmatch| &**crossmatch)
        .find(|found| {
            found.void.is_none()
                && record.holds(found.patient)
                && (found.outcome == Outcome::Compatible || found.excepted_for(request))
                && weakness(hospital, record, found, at).is_none()
        })
}

fn crossmatched(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let (hospital, record, at) = (case.hospital, &case.record, case.at);
    let about = |rule| case.about(rule).with("patient", record.id());
    let bag = (case.unit.id, case.request.id);
    if let Some(standing) = standing_crossmatch(hospital, record, bag, at) {
        if matches!(standing.proof, Proof::Electronic { .. }) {
            // What the proof rested on must still hold when the bag leaves.
            findings.extend(unmet(hospital, &case.unit.id, case.request.id, at));
        }
        return;
    }
    let newest = of_case(case).find(|found| found.outcome == Outcome::Compatible);
    let finding = match newest
        .and_then(|found| weakness(hospital, record, found, at).map(|rule| (found, rule)))
    {
        None => about(Rule::CrossmatchMissing),
        Some((found, rule)) => about(rule)
            .with("crossmatch", found.id)
            .with("expires", found.expires),
    };
    findings.push(finding);
}
