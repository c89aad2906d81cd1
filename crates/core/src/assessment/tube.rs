//! The round's tubes on the bench: how they come to be ordinary samples, and what the bench's verified tests answer.

use jiff::Timestamp;

use super::{Answer, Measure, Round};
use crate::blood::RhD;
use crate::command::Context;
use crate::event::Event;
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{DeviceId, PatientId, SampleId, TestId, UserId};
use crate::patient::{Demographics, NumberKind, PatientEvent, RegisterPatient, Sex};
use crate::policy::Key;
use crate::sample::SampleEvent;
use crate::testing::{Call, Interpretation, Origin};

/// The answer of a tube for an item that a verified test gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TubeAnswer {
    /// By which test.
    pub test: TestId,
    /// The answer, in symbols that are the same in every language.
    pub answer: Answer,
    /// Who tested: who read it, or who verified what a machine read.
    pub tester: UserId,
    /// When it was read.
    pub tested: Timestamp,
    /// On which machine.
    pub device: Option<DeviceId>,
}

/// Whether tests of the bench answer an item of a round.
fn of_bench(item: &str) -> bool {
    matches!(
        item,
        "abo" | "abo_forward" | "abo_reverse" | "rhd" | "screen" | "dat"
    )
}

fn sign(call: Call) -> Option<&'static str> {
    match call {
        Call::Positive => Some("+"),
        Call::Negative => Some("-"),
        Call::Indeterminate => None,
    }
}

/// What an interpretation says of an item; `None` where it does not say, and for a weak D, which a person words.
fn word(item: &str, interpretation: &Interpretation) -> Option<&'static str> {
    match (item, interpretation) {
        ("abo" | "abo_forward" | "abo_reverse", Interpretation::Group { abo, .. }) => {
            abo.map(|abo| abo.as_str())
        }
        ("rhd", Interpretation::Group { rhd, .. }) => match rhd {
            Some(RhD::Positive) => Some("+"),
            Some(RhD::Negative) => Some("-"),
            Some(RhD::Weak) | None => None,
        },
        ("screen", Interpretation::Screen(call)) | ("dat", Interpretation::Dat(call)) => {
            sign(*call)
        }
        _ => None,
    }
}

/// Whether a tube came with a round's panel.
pub(crate) fn is_of_round(hospital: &Hospital, tube: &SampleId) -> bool {
    hospital
        .assessments
        .rounds()
        .any(|round| round.samples.iter().any(|sample| sample.tube == *tube))
}

/// What the newest verified test of a tube answers for an item.
pub fn tube_answer(hospital: &Hospital, tube: &SampleId, item: &str) -> Option<TubeAnswer> {
    let sample = hospital.samples.get(tube)?;
    sample.tests.iter().rev().find_map(|id| {
        let test = hospital.tests.get(*id)?;
        let version = test.standing()?;
        let answer = word(item, &version.interpretation)?;
        let (tester, device) = match &version.origin {
            Origin::Bench => (&version.entered.by, None),
            Origin::Device { device, .. } => (&version.verified.as_ref()?.by, Some(device.clone())),
        };
        Some(TubeAnswer {
            test: *id,
            answer: Answer::Word(answer.into()),
            tester: tester.clone(),
            tested: version.read,
            device,
        })
    })
}

/// Every tube and item of a round that a verified test answers.
pub fn tube_answers(hospital: &Hospital, round: &Round) -> Vec<(SampleId, String, TubeAnswer)> {
    let mut found = Vec::new();
    for sample in &round.samples {
        let graded = |measure: &Measure| matches!(measure, Measure::Graded);
        for item in round.items.iter().filter(|item| graded(&item.measure)) {
            if let Some(answer) = tube_answer(hospital, &sample.tube, &item.code) {
                found.push((sample.tube.clone(), item.code.clone(), answer));
            }
        }
    }
    found
}

/// The facts by which the tubes of a panel become samples of people who do not exist, one each, so that they go through the same
/// hands as any other tube. Nothing where no item of the round is answered at the bench.
pub(super) fn registered(
    hospital: &Hospital,
    context: &Context,
    round: &Round,
    received: Timestamp,
    tubes: &[SampleId],
) -> Result<Vec<Event>, Finding> {
    if !round.items.iter().any(|item| of_bench(&item.code)) {
        return Ok(Vec::new());
    }
    let validity = hospital
        .policies
        .span(Key::SampleValidityAtRisk, context.at)?;
    // The provider's material is made to last the round, unlike a patient's blood; what comes late is tested as any other tube.
    let ordinary = received.checked_add(validity).unwrap_or(received);
    let expires = round.deadline.max(ordinary);
    let mut patient = hospital.next.patient;
    let mut events = Vec::new();
    for tube in tubes {
        let number = RegisterPatient::temporary(patient);
        let person = PatientEvent::Registered {
            patient,
            numbers: number
                .map(|number| (number, NumberKind::Temporary))
                .into_iter()
                .collect(),
            demographics: nobody(tube),
            unidentified: true,
        };
        let sample = SampleEvent::Accepted {
            sample: tube.clone(),
            patient,
            request: None,
            drawn: received,
            drawn_by: context.actor.as_str().into(),
            expires,
            stored: None,
        };
        events.extend([Event::from(person), sample.into()]);
        patient = PatientId::next(patient);
    }
    Ok(events)
}

fn nobody(tube: &SampleId) -> Demographics {
    Demographics {
        name: tube.to_string(),
        sex: Sex::Unknown,
        birth: None,
        ward: None,
        bed: None,
        address: None,
        phone: None,
        diagnosis: None,
    }
}
