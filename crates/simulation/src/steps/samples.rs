//! Tubes.

use lifeline_core::hospital::Hospital;
use lifeline_core::id::{PatientId, RequestId, SampleId};
use lifeline_core::people::Action;
use lifeline_core::sample::*;
use lifeline_core::unit::Checked;

use super::patients::patient;
use crate::world::{Draft, Intent, World, id};

/// How many of the newest tubes are being worked on.
pub(super) const WORKED_ON: usize = 40;

fn barcode(world: &mut World) -> Option<SampleId> {
    let n = if world.one_in(100) {
        1
    } else {
        world.samples.len() + 1
    };
    id(&format!("S{n}"))
}

/// A request of the patient, mostly none.
fn request(world: &mut World, patient: PatientId) -> Option<RequestId> {
    if !world.one_in(3) {
        return None;
    }
    if world.one_in(30) {
        return world.pick(|w| &w.requests, 40, |_, _| true);
    }
    let open = world
        .hospital
        .requests
        .of_patient(patient)
        .find(|request| request.state.open());
    open.map(|request| request.id)
}

pub(super) fn receive(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let mut blood = world.truth.patients.get(&patient).copied().unwrap_or(0);
    // Wrong blood in tube happens, once to a patient at most: a second time nobody could find it out.
    if world.one_in(60) && !world.truth.false_tubes.contains_key(&patient) {
        blood = world.newcomer();
    }
    let ago = if world.one_in(40) {
        world.number(-30, 6000)
    } else {
        world.number(0, 90)
    };
    let identity = if world.one_in(50) {
        *world.one(&Checked::ALL)?
    } else {
        Checked::Good
    };
    let nurse = world.number(1, 9);
    let command = ReceiveSample {
        sample: barcode(world)?,
        patient,
        request: request(world, patient),
        drawn: world.minutes(-ago),
        drawn_by: format!("N{nurse}"),
        identity,
        stored: None,
    };
    let draft = world.draft(command)?;
    Some(draft.meaning(Intent::Blood(blood)))
}

pub(super) fn reject(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let reason = *world.one(&[
        "unlabelled",
        "haemolysed",
        "clotted",
        "other",
        "no-such-reason",
    ])?;
    let command = RejectSample {
        sample: barcode(world)?,
        patient,
        request: request(world, patient),
        reason: reason.into(),
        note: String::new(),
        drawn: None,
        drawn_by: String::new(),
    };
    let blood = world.truth.patients.get(&patient).copied().unwrap_or(0);
    let draft = world.draft(command)?;
    Some(draft.meaning(Intent::Blood(blood)))
}

/// Whether a tube is in use.
pub(super) fn accepted(hospital: &Hospital, id: &SampleId) -> bool {
    hospital
        .samples
        .get(id)
        .is_some_and(|sample| sample.state == SampleState::Accepted)
}

fn suspect(hospital: &Hospital, id: &SampleId) -> bool {
    hospital
        .samples
        .get(id)
        .is_some_and(|sample| matches!(sample.state, SampleState::Suspect(_)))
}

pub(super) fn end(world: &mut World) -> Option<Draft> {
    let sample = world.pick(|w| &w.samples, 120, accepted)?;
    world.draft(EndSample {
        sample,
        reason: "量不足".into(),
    })
}

pub(super) fn store(world: &mut World) -> Option<Draft> {
    let sample = world.pick(|w| &w.samples, 120, |_, _| true)?;
    world.draft(StoreSample {
        sample,
        place: "rack 4".into(),
    })
}

pub(super) fn settle(world: &mut World) -> Option<Draft> {
    let sample = world.pick(|w| &w.samples, 200, suspect)?;
    let right = world.one_in(3);
    let command = SettleSuspicion {
        sample,
        right,
        finding: "已核对采血".into(),
    };
    world.signed(command, Action::TestCorrect)
}
