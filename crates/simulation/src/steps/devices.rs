//! Analysers and what they send.

use lifeline_core::device::*;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{DeviceId, MessageId};
use lifeline_core::quality::{Control, Light, Place, Shown, due_lines};
use lifeline_core::testing::{Material, Reaction};

use super::{bench, quality};
use crate::world::{Draft, World, id};

/// Analysers of a hospital.
const MACHINES: [&str; 3] = ["vision-1", "ih-1000", "echo-1"];

fn machine(world: &mut World) -> Option<DeviceId> {
    if world.one_in(60) {
        return id("nobody-knows");
    }
    id(world.one(&MACHINES)?)
}

pub(super) fn register(world: &mut World) -> Option<Draft> {
    let device = machine(world)?;
    // Once known, a machine is seldom registered anew.
    if world.hospital.devices.all.contains_key(&device) && !world.one_in(12) {
        return None;
    }
    world.draft(RegisterDevice {
        device,
        name: "全自动血型仪".into(),
        profile: "generic-astm".into(),
        serial: "1234".into(),
    })
}

pub(super) fn service(world: &mut World) -> Option<Draft> {
    let out = world
        .hospital
        .devices
        .all
        .values()
        .find(|device| device.out_of_service.is_some())
        .map(|device| device.id.clone());
    let (device, in_service) = match out {
        Some(out) if !world.one_in(6) => (out, true),
        _ => (machine(world)?, false),
    };
    world.draft(SetDeviceService {
        device,
        in_service,
        reason: "保养".into(),
    })
}

pub(super) fn store(world: &mut World) -> Option<Draft> {
    let device = machine(world)?;
    let n = world.number(0, 1_000_000_000);
    let nameless = world.one_in(40);
    world.draft(StoreMessage {
        link: format!("tcp:{device}"),
        device: (!nameless).then_some(device),
        raw: Raw::Text(format!("H|\\^&|||{n}")),
        fingerprint: format!("f{n}"),
        length: 20,
    })
}

pub(super) fn part(world: &mut World) -> Option<Draft> {
    let device = machine(world)?;
    world.draft(StorePart {
        link: format!("tcp:{device}"),
        raw: Raw::Base64("SHxc".into()),
    })
}

/// A reading as an analyser words it.
fn observed(world: &mut World, reaction: Reaction) -> Observed {
    let specimen = match &reaction.material {
        Material::Sample(sample) => sample.to_string(),
        Material::Unit(unit) if world.one_in(2) => unit.din.to_string(),
        Material::Unit(unit) => unit.to_string(),
    };
    let tech = world.number(1, 6);
    Observed {
        specimen: if world.one_in(40) {
            "S-unknown".into()
        } else {
            specimen
        },
        kind: reaction.kind,
        readings: reaction.readings,
        stated: reaction.stated,
        lots: reaction.lots,
        read: Some(reaction.read),
        edited: world.one_in(5),
        operator: Some(format!("technologist{tech}")),
        at: 120,
    }
}

/// The day's control of the machine a message is from, now and then with a level of a lot nobody knows.
fn controls(world: &mut World, message: MessageId) -> Option<Vec<ObservedControl>> {
    let hospital = world.hospital.clone();
    let at = world.at;
    let device = hospital.devices.message(message)?.device.clone()?;
    let place = Place::Device(device);
    let due: Vec<Control> = due_lines(&hospital, at)
        .into_iter()
        .filter(|line| line.place == place && line.light <= Light::Due)
        .map(|line| line.control.clone())
        .collect();
    let control = world.one(&due)?.clone();
    let levels = quality::shown(world, &control)?;
    let strange = world.one_in(30);
    let controls = (1..).zip(levels).map(|(place, level)| ObservedControl {
        named: format!("{}/{}", level.level, level.material),
        control: control.code.to_string(),
        level: Some(level.level.to_string()),
        material: Some(if strange && place == 1 {
            "NO-SUCH-LOT".into()
        } else {
            level.material.to_string()
        }),
        shown: match level.shown {
            Shown::Graded(readings) => ControlShown::Graded(readings),
            Shown::Measured(value) => ControlShown::Measured(value.to_string()),
        },
        lots: Default::default(),
        read: Some(at),
        edited: false,
        operator: None,
        apart: false,
        at: place * 100,
    });
    Some(controls.collect())
}

pub(super) fn file(world: &mut World) -> Option<Draft> {
    let waiting: Vec<MessageId> = world
        .hospital
        .devices
        .waiting()
        .map(|message| message.id)
        .collect();
    let failed: Vec<MessageId> = world
        .hospital
        .devices
        .failed()
        .map(|message| message.id)
        .collect();
    let message = match world.of_first(5, waiting) {
        Some(waiting) => waiting,
        // Somebody mended the profile and plays the message again.
        None if world.one_in(4) => world.of_last(5, failed)?,
        None if world.one_in(60) => MessageId(9_999_999),
        None => return None,
    };
    let many = world.number(0, 3);
    let mut readings = Vec::new();
    for _ in 0..many {
        let reaction = bench::reading(world)?;
        readings.push(observed(world, reaction));
    }
    let problems = if world.one_in(15) {
        vec![Problem {
            at: 7,
            reason: Trouble::Unreadable("no such record".into()),
            findings: Vec::new(),
        }]
    } else {
        Vec::new()
    };
    let measured: Vec<_> = if world.one_in(4) {
        super::measured::observed(world).into_iter().collect()
    } else {
        Vec::new()
    };
    let controls = controls(world, message).unwrap_or_default();
    world.draft(FileMessage {
        message,
        observed: readings,
        problems,
        crossmatches: Vec::new(),
        measured,
        controls,
        asked_by: None,
    })
}

pub(super) fn dismiss(world: &mut World) -> Option<Draft> {
    let failed: Vec<MessageId> = world
        .hospital
        .devices
        .failed()
        .map(|message| message.id)
        .collect();
    let any = |hospital: &Hospital| MessageId(hospital.next.message.0.saturating_sub(1));
    let message = match world.of_first(8, failed) {
        Some(failed) => failed,
        None if world.one_in(10) => any(&world.hospital),
        None => return None,
    };
    world.draft(DismissMessage {
        message,
        reason: "试机".into(),
    })
}
