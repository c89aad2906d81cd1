//! Patients and what is known of them.

use std::collections::BTreeMap;

use lifeline_core::Date;
use lifeline_core::blood::{Antigen, Attribute, PlateletAntigen, Typing};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{PatientId, PatientNumber};
use lifeline_core::patient::*;

use crate::world::{Draft, Intent, World, id};

/// How many of the newest patients are being treated.
pub(super) const TREATED: usize = 24;

/// A patient whose record stands, mostly.
pub(super) fn patient(world: &mut World) -> Option<PatientId> {
    if world.one_in(300) {
        return Some(PatientId(9_999_999));
    }
    world.pick(|w| &w.patients, TREATED, stands)
}

pub(super) fn stands(hospital: &Hospital, id: &PatientId) -> bool {
    hospital
        .patients
        .get(*id)
        .is_some_and(|patient| patient.merged_into.is_none())
}

fn demographics(world: &mut World, person: usize) -> Option<Demographics> {
    let family = world.one(&["王", "李", "张", "刘", "陈"])?;
    let sex = *world.one(&[Sex::Female, Sex::Male, Sex::Female, Sex::Male, Sex::Unknown])?;
    let year = if world.one_in(12) {
        2026
    } else {
        1930 + (person % 95) as i16
    };
    Some(Demographics {
        name: format!("{family}{person}"),
        sex,
        birth: Date::new(year, 1 + (person % 11) as i8, 1 + (person % 28) as i8).ok(),
        ward: Some("3".into()),
        bed: None,
        address: None,
        phone: None,
        diagnosis: None,
    })
}

fn numbers(world: &mut World) -> Option<BTreeMap<PatientNumber, NumberKind>> {
    let n = if world.one_in(80) {
        1
    } else {
        world.patients.len() + 1
    };
    Some([(id(&format!("H{n}"))?, NumberKind::Hospital)].into())
}

pub(super) fn register(world: &mut World) -> Option<Draft> {
    // Somebody may come back and get a second record.
    let person = if world.one_in(8) {
        match patient(world).and_then(|known| world.truth.patients.get(&known).copied()) {
            Some(person) => person,
            None => world.newcomer(),
        }
    } else {
        world.newcomer()
    };
    let unidentified = world.one_in(10);
    let mut demographics = demographics(world, person)?;
    let mut numbers = numbers(world)?;
    if unidentified {
        demographics.name.clear();
        numbers.clear();
    }
    let draft = world.draft(RegisterPatient {
        numbers,
        demographics,
        unidentified,
    })?;
    Some(draft.meaning(Intent::Person(person)))
}

pub(super) fn amend(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let person = world.truth.patients.get(&patient).copied().unwrap_or(0);
    let demographics = demographics(world, person)?;
    let mut numbers = world
        .hospital
        .patients
        .get(patient)
        .map(|record| record.numbers.clone())
        .unwrap_or_default();
    if world.one_in(3) {
        numbers.insert(id(&format!("N{}", patient.0))?, NumberKind::National);
    }
    world.draft(AmendPatient {
        patient,
        numbers,
        demographics,
        unidentified: false,
    })
}

const ANTIGENS: [Antigen; 6] = [
    Antigen::D,
    Antigen::BigC,
    Antigen::BigE,
    Antigen::LittleC,
    Antigen::BigK,
    Antigen::Jka,
];

pub(super) fn antibody(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let specificity = if world.one_in(5) {
        Specificity::Other("冷自身抗体".into())
    } else {
        Specificity::Antigen(*world.one(&ANTIGENS)?)
    };
    let significant = !world.one_in(5);
    world.draft(RecordAntibody {
        patient,
        specificity,
        significant,
        test: None,
    })
}

pub(super) fn antigen(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let antigen = *world.one(&ANTIGENS)?;
    let typing = *world.one(&[Typing::Positive, Typing::Negative, Typing::NotTested])?;
    world.draft(TypePatientAntigen {
        patient,
        antigen,
        typing,
    })
}

fn need_kind(world: &mut World) -> Option<NeedKind> {
    Some(if world.one_in(3) {
        NeedKind::Lacks(*world.one(&ANTIGENS)?)
    } else {
        NeedKind::Attribute(*world.one(&[
            Attribute::Irradiated,
            Attribute::Leukoreduced,
            Attribute::Washed,
            Attribute::CmvNegative,
        ])?)
    })
}

pub(super) fn raise_need(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let kind = need_kind(world)?;
    let days = world.number(-1, 5);
    let until = world.one_in(2).then(|| world.minutes(days * 1440));
    world.draft(RaiseNeed {
        patient,
        kind,
        from: None,
        until,
        reason: "移植前".into(),
    })
}

pub(super) fn end_need(world: &mut World) -> Option<Draft> {
    let needy = |hospital: &Hospital, id: &PatientId| {
        stands(hospital, id)
            && hospital
                .patients
                .get(*id)
                .is_some_and(|patient| patient.needs.iter().any(|need| need.until.is_none()))
    };
    let patient = world.pick(|w| &w.patients, 60, needy)?;
    let kinds: Vec<NeedKind> = world
        .hospital
        .patients
        .get(patient)
        .map(|record| record.needs.iter().map(|need| need.kind).collect())
        .unwrap_or_default();
    let kind = match world.of_first(8, kinds) {
        Some(kind) => kind,
        None => need_kind(world)?,
    };
    world.draft(EndNeed {
        patient,
        kind,
        reason: "不再需要".into(),
    })
}

pub(super) fn exposure(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let days = world.number(-5, 200);
    let last = world.minutes(-days * 1440);
    let said = world
        .one(&[
            Said::Unknown,
            Said::Neither,
            Said::Neither,
            Said::Last(last),
        ])?
        .clone();
    world.draft(StateExposure { patient, said })
}

pub(super) fn consent(world: &mut World) -> Option<Draft> {
    let without = |hospital: &Hospital, id: &PatientId| {
        stands(hospital, id)
            && hospital
                .patients
                .get(*id)
                .is_some_and(|patient| patient.consent.is_none())
    };
    let patient = world.pick(|w| &w.patients, TREATED, without)?;
    let ago = world.number(-5, 600);
    let signed = world.minutes(-ago);
    world.draft(RecordConsent {
        patient,
        signed,
        reference: "F-1".into(),
    })
}

pub(super) fn historic(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let wrong = world.one_in(15);
    let group = match world.group_of(patient) {
        Some(group) if !wrong => group,
        _ => world.any_group(),
    };
    let determined = world.minutes(-400_000);
    world.draft(RecordHistoricGroup {
        patient,
        group,
        determined,
    })
}

pub(super) fn withdraw_historic(world: &mut World) -> Option<Draft> {
    let carried = |hospital: &Hospital, id: &PatientId| {
        hospital.patients.get(*id).is_some_and(|patient| {
            patient
                .determinations
                .iter()
                .any(|determination| determination.sample.is_none())
        })
    };
    let patient = world.pick(|w| &w.patients, 60, carried)?;
    world.draft(WithdrawHistoricGroup {
        patient,
        reason: "旧系统有误".into(),
    })
}

pub(super) fn merge(world: &mut World) -> Option<Draft> {
    let into = patient(world)?;
    let person = world.truth.patients.get(&into).copied();
    // Mostly two records of one person; now and then by mistake of two.
    let mut from = patient(world)?;
    if !world.one_in(4) {
        let newest = world.patients.len().saturating_sub(200);
        let same = world.patients.iter().skip(newest).copied().find(|other| {
            *other != into
                && stands(&world.hospital, other)
                && world.truth.patients.get(other).copied() == person
        });
        from = same.unwrap_or(from);
    }
    world.draft(MergePatients {
        from,
        into,
        reason: "同一人".into(),
    })
}

pub(super) fn unmerge(world: &mut World) -> Option<Draft> {
    let merged = |hospital: &Hospital, id: &PatientId| !stands(hospital, id);
    let from = world.pick(|w| &w.merged, 20, merged)?;
    world.draft(UnmergePatients {
        from,
        reason: "不是同一人".into(),
    })
}

pub(super) fn platelet_antibodies(world: &mut World) -> Option<Draft> {
    let patient = patient(world)?;
    let mut antibodies = std::collections::BTreeMap::new();
    for name in ["A2", "B60", "HPA-3a"] {
        if world.one_in(2) {
            let mfi = world.number(100, 60_000).unsigned_abs() as u32;
            antibodies.insert(PlateletAntigen::parse(name).ok()?, mfi);
        }
    }
    world.draft(RecordPlateletAntibodies {
        patient,
        antibodies,
        report: "HLA 实验室 26-7".into(),
    })
}
