//! Requests, reservations, crossmatches, hand-overs, what happens on the ward.

use std::collections::{BTreeMap, BTreeSet};

use lifeline_core::blood::*;
use lifeline_core::crossmatch::*;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::*;
use lifeline_core::issue::*;
use lifeline_core::patient::Sex;
use lifeline_core::people::Action;
use lifeline_core::request::*;
use lifeline_core::unit::{Appearance, Checked, Status, Unit};

use super::bench::lot;
use super::patients::{TREATED, patient, stands};
use super::samples::accepted;
use crate::world::{Draft, Intent, World, id};

fn component(world: &mut World) -> Option<Component> {
    use Component::*;
    world
        .one(&[
            RedCells,
            RedCells,
            RedCells,
            RedCells,
            RedCells,
            RedCells,
            WholeBlood,
            Plasma,
            Platelets,
            Platelets,
            Cryo,
            Granulocytes,
        ])
        .copied()
}

fn amount(world: &mut World, component: Component) -> Amount {
    let bags = world.number(1, 4).unsigned_abs() as u32;
    let (one, measure) = match component {
        Component::RedCells | Component::WholeBlood => (200, Measure::Unit),
        Component::Plasma => (20_000, Measure::Millilitre),
        Component::Cryo => (100, Measure::Unit),
        Component::Platelets | Component::Granulocytes => (100, Measure::Dose),
    };
    Amount {
        hundredths: one * bags,
        measure,
    }
}

fn order(world: &mut World) -> Option<Order> {
    let component = component(world)?;
    let urgency = *world.one(&[
        Urgency::Routine,
        Urgency::Urgent,
        Urgency::Urgent,
        Urgency::Emergency,
    ])?;
    let hours = world.number(-1, 30);
    let mut labs = BTreeMap::new();
    if let Some(lab) = lab_asked(component).filter(|_| !world.one_in(25)) {
        labs.insert(lab.into(), "61".into());
    }
    let diagnosis = if world.one_in(30) { "" } else { "贫血" };
    Some(Order {
        component,
        amount: amount(world, component),
        urgency,
        needed: world.minutes(hours * 60),
        indication: Some("surgery".into()),
        diagnosis: diagnosis.into(),
        labs,
        ward: "内科".into(),
        doctor: "周".into(),
        note: String::new(),
    })
}

pub(super) fn place(world: &mut World) -> Option<Draft> {
    // Blood is asked for those who have samples and consent, mostly.
    let ready = |hospital: &Hospital, id: &PatientId| {
        stands(hospital, id)
            && hospital
                .patients
                .get(*id)
                .is_some_and(|patient| !patient.determinations.is_empty())
            && hospital
                .requests
                .of_patient(*id)
                .filter(|request| request.state.open())
                .count()
                < 3
    };
    let patient = if world.one_in(6) {
        patient(world)?
    } else {
        world.pick(|w| &w.patients, TREATED, ready)?
    };
    let order = order(world)?;
    world.draft(PlaceRequest { patient, order })
}

/// One of the newest requests in a state.
fn request(world: &mut World, fits: impl Fn(&Request) -> bool) -> Option<RequestId> {
    if world.one_in(200) {
        return Some(RequestId(9_999_999));
    }
    world.pick(
        |w| &w.requests,
        80,
        |hospital, id| hospital.requests.get(*id).is_some_and(|found| fits(found)),
    )
}

pub(super) fn amend(world: &mut World) -> Option<Draft> {
    let request = request(world, |request| {
        request.state.open() || matches!(request.state, RequestState::Returned(_))
    })?;
    let mut order = order(world)?;
    let kept = world.hospital.requests.get(request).cloned();
    if let Some(kept) = kept.filter(|_| !world.one_in(4)) {
        order = Order {
            note: "加急".into(),
            ..kept.order.clone()
        };
    }
    world.draft(AmendRequest {
        request,
        order,
        reason: "补充资料".into(),
    })
}

pub(super) fn accept(world: &mut World) -> Option<Draft> {
    let request = request(world, |request| request.state == RequestState::Placed)?;
    world.draft(AcceptRequest { request })
}

pub(super) fn send_back(world: &mut World) -> Option<Draft> {
    let request = request(world, |request| request.state.open())?;
    world.draft(ReturnRequest {
        request,
        reason: "缺化验单".into(),
    })
}

pub(super) fn cancel(world: &mut World) -> Option<Draft> {
    let request = request(world, |request| request.state.open())?;
    world.draft(CancelRequest {
        request,
        reason: "手术取消".into(),
    })
}

pub(super) fn close(world: &mut World) -> Option<Draft> {
    let request = request(world, |request| {
        request.state.open() && !request.issues.is_empty()
    })?;
    world.draft(CloseRequest {
        request,
        reason: "不再需要".into(),
    })
}

pub(super) fn emergency(world: &mut World) -> Option<Draft> {
    let person = world.newcomer();
    let known = world.one_in(2);
    let patient = if known {
        EmergencyPatient::Known(patient(world)?)
    } else {
        EmergencyPatient::Unidentified {
            sex: *world.one(&Sex::ALL)?,
            description: "急诊，男装，车祸".into(),
        }
    };
    let mut needs = vec![(Component::RedCells, amount(world, Component::RedCells))];
    if world.one_in(2) {
        let other = component(world)?;
        needs.push((other, amount(world, other)));
    }
    let draft = world.draft(DeclareEmergency {
        patient,
        needs,
        ward: "急诊".into(),
        doctor: "吴".into(),
        note: "大出血".into(),
    })?;
    Some(draft.meaning(Intent::Person(person)))
}

/// A bag for a request: of the patient's own type mostly, then O, then anything there is.
fn bag_for(world: &mut World, request: &Request) -> Option<UnitId> {
    let group = match world.group_of(request.patient) {
        Some(group) => group,
        None => world.any_group(),
    };
    let abo = match world.number(0, 19) {
        0 => world.any_group().abo,
        1..=3 => Abo::O,
        4 => Abo::Ab,
        _ => group.abo,
    };
    let now = world.at;
    let careful = !world.one_in(12);
    let fits = |unit: &&std::sync::Arc<Unit>| {
        !careful
            || (unit.status == Status::Available
                && unit.expires > now
                && (unit.group.rhd == Some(RhD::Negative) || group.rhd == RhD::Positive))
    };
    let wanted: Vec<UnitId> = world
        .hospital
        .units
        .on_shelf(request.order.component, abo)
        .filter(fits)
        .take(12)
        .map(|unit| unit.id)
        .collect();
    world.of_first(12, wanted)
}

pub(super) fn reserve(world: &mut World) -> Option<Draft> {
    let request = request(world, |request| request.state == RequestState::Accepted)?;
    let asked = world.hospital.requests.get(request).cloned()?;
    let unit = bag_for(world, &asked)?;
    world.draft(ReserveUnit {
        unit,
        request,
        chosen: None,
    })
}

/// A held bag and its request.
pub(super) fn held(world: &mut World, fits: impl Fn(&Unit) -> bool) -> Option<(UnitId, RequestId)> {
    let held: Vec<(UnitId, RequestId)> = world
        .hospital
        .units
        .held()
        .filter(|(_, unit)| fits(unit))
        .filter_map(|(_, unit)| Some((unit.id, unit.reservation.as_ref()?.request)))
        .collect();
    world.of_last(40, held)
}

pub(super) fn end_reservation(world: &mut World) -> Option<Draft> {
    let (unit, _) = held(world, |_| true)?;
    world.draft(EndReservation { unit })
}

pub(super) fn lapse(world: &mut World) -> Option<Draft> {
    world.draft(LapseReservations {})
}

/// The newest tube of a patient that is in use.
fn tube(world: &mut World, patient: PatientId) -> Option<SampleId> {
    if world.one_in(60) {
        return world.pick(|w| &w.samples, 40, |_, _| true);
    }
    let record = world.hospital.record_of(patient)?;
    let samples = record.samples();
    let newest = samples
        .iter()
        .rev()
        .find(|sample| accepted(&world.hospital, &sample.id) && sample.expires > world.at)
        .map(|sample| sample.id.clone());
    let last = samples.last().map(|sample| sample.id.clone());
    if newest.is_none() && !world.one_in(12) {
        return None;
    }
    newest.or(last)
}

fn side(world: &mut World) -> Side {
    match world.number(0, 40) {
        0 => Side::NotRead,
        1 | 2 => Side::Read(Grade::Two),
        _ => Side::Read(Grade::Negative),
    }
}

pub(super) fn record(world: &mut World) -> Option<Draft> {
    let late: Vec<(UnitId, RequestId)> = world
        .hospital
        .issues
        .retrospective()
        .map(|issue| (issue.unit, issue.request))
        .collect();
    let chosen = match world.of_last(10, late) {
        Some(late) if world.one_in(3) => Some(late),
        _ => held(world, |unit| {
            unit.component.carries_red_cells() && unit.status == Status::Reserved
        }),
    };
    let (unit, request) = chosen?;
    let patient = world.hospital.requests.get(request)?.patient;
    let sample = tube(world, patient)?;
    let method = *world.one(&[
        "gel_ahg",
        "gel_ahg",
        "gel_ahg",
        "gel_ahg",
        "tube_ahg",
        "tube_ahg",
        "polybrene",
        "polybrene",
        "saline",
        "none",
    ])?;
    let lots: BTreeSet<LotId> = lot(world).into_iter().collect();
    let major = side(world);
    let minor = side(world);
    world.draft(RecordCrossmatch {
        unit,
        request,
        sample,
        method: method.into(),
        major,
        minor,
        lots,
    })
}

pub(super) fn grant(world: &mut World) -> Option<Draft> {
    let (unit, request) = held(world, |unit| {
        unit.component.carries_red_cells() && unit.status == Status::Reserved
    })?;
    world.draft(GrantElectronicCrossmatch { unit, request })
}

pub(super) fn review(world: &mut World) -> Option<Draft> {
    let waiting: Vec<CrossmatchId> = world
        .hospital
        .crossmatches
        .unreviewed()
        .map(|crossmatch| crossmatch.id)
        .collect();
    let crossmatch = match world.of_last(12, waiting) {
        Some(waiting) if !world.one_in(30) => waiting,
        _ if world.one_in(10) => world.pick(|w| &w.crossmatches, 40, |_, _| true)?,
        _ => return None,
    };
    world.draft(ReviewCrossmatch { crossmatch })
}

pub(super) fn void(world: &mut World) -> Option<Draft> {
    let crossmatch = world.pick(
        |w| &w.crossmatches,
        40,
        |hospital, id| {
            hospital
                .crossmatches
                .get(*id)
                .is_some_and(|crossmatch| crossmatch.void.is_none())
        },
    )?;
    world.draft(VoidCrossmatch {
        crossmatch,
        reason: "标本搞错".into(),
    })
}

pub(super) fn issue(world: &mut World) -> Option<Draft> {
    let chosen = match world.number(0, 9) {
        0 => {
            let request = request(world, |request| request.state.open())?;
            let asked = world.hospital.requests.get(request).cloned()?;
            bag_for(world, &asked).map(|unit| (unit, request))
        }
        1 | 2 => {
            let request = request(world, |request| {
                request.state.open() && request.order.urgency == Urgency::Emergency
            })?;
            let asked = world.hospital.requests.get(request).cloned()?;
            bag_for(world, &asked).map(|unit| (unit, request))
        }
        3 => held(world, |_| true),
        _ => held(world, |unit| {
            (unit.status == Status::Crossmatched || !unit.component.carries_red_cells())
                && !unit.attributes.has(Attribute::Frozen)
        }),
    };
    let (unit, request) = chosen?;
    let asked = world.hospital.requests.get(request).cloned();
    let numbers: Vec<PatientNumber> = asked
        .as_ref()
        .and_then(|request| world.hospital.record_of(request.patient))
        .map(|record| record.numbers().into_keys().collect())
        .unwrap_or_default();
    let mut label_patient = world.of_first(4, numbers).or_else(|| id("H0"))?;
    if world.one_in(60) {
        label_patient = id("H1")?;
    }
    let mut label_unit = unit;
    if world.one_in(60) {
        label_unit = world.pick(|w| &w.units, 20, |_, _| true)?;
    }
    let urgent = asked.is_some_and(|request| request.order.urgency == Urgency::Emergency);
    let emergency = if urgent && !world.one_in(4) {
        world.one(&EmergencyLevel::ALL).copied()
    } else {
        None
    };
    let appearance = if world.one_in(60) {
        *world.one(&Appearance::ALL)?
    } else {
        Appearance::Normal
    };
    let nurse = world.number(1, 4);
    let command = IssueUnit {
        unit,
        request,
        label_unit,
        label_patient,
        appearance,
        collector: id(&format!("nurse{nurse}"))?,
        destination: id("ward-3")?,
        emergency,
    };
    world.signed(command, Action::UnitIssueCheck)
}

/// A hand-over whose bag has one of these statuses, mostly.
fn out(world: &mut World, statuses: &[Status]) -> Option<IssueId> {
    let open: Vec<IssueId> = world
        .hospital
        .issues
        .open()
        .filter(|issue| {
            let unit = world.hospital.units.get(&issue.unit);
            unit.is_some_and(|unit| statuses.contains(&unit.status))
        })
        .map(|issue| issue.id)
        .collect();
    match world.of_last(30, open) {
        Some(open) if !world.one_in(25) => Some(open),
        _ if world.one_in(10) => world.pick(|w| &w.issues, 60, |_, _| true),
        _ => None,
    }
}

pub(super) fn come_back(world: &mut World) -> Option<Draft> {
    let now = world.at;
    let fresh = world
        .hospital
        .issues
        .open()
        .filter(|issue| {
            now.duration_since(issue.issued.at) < lifeline_core::SignedDuration::from_mins(30)
        })
        .map(|issue| issue.id)
        .last();
    let issue = match fresh {
        Some(fresh) if world.one_in(2) => fresh,
        _ => out(world, &[Status::Issued, Status::OnWard])?,
    };
    let seal = if world.one_in(6) {
        *world.one(&Checked::ALL)?
    } else {
        Checked::Good
    };
    let component = world
        .hospital
        .issues
        .get(issue)
        .and_then(|issue| world.hospital.units.get(&issue.unit))
        .map(|unit| unit.component);
    let kept = match component {
        Some(Component::Platelets | Component::Granulocytes) => 220,
        Some(Component::Plasma | Component::Cryo) => -250,
        _ => 45,
    };
    let warm = world.one_in(5);
    let command = ReturnIssue {
        issue,
        temperature: Some(Celsius {
            tenths: if warm { 150 } else { kept },
        }),
        seal,
        appearance: Appearance::Normal,
        reason: "手术取消".into(),
        location: id("fridge-1")?,
    };
    world.signed(command, Action::UnitIssueCheck)
}

pub(super) fn arrive(world: &mut World) -> Option<Draft> {
    let issue = out(world, &[Status::Issued])?;
    world.draft(ReceiveOnWard {
        issue,
        location: id("ward-3")?,
    })
}

pub(super) fn start(world: &mut World) -> Option<Draft> {
    let issue = out(world, &[Status::OnWard])?;
    let patient = world.hospital.issues.get(issue)?.patient;
    let numbers: Vec<PatientNumber> = world
        .hospital
        .record_of(patient)
        .map(|record| record.numbers().into_keys().collect())
        .unwrap_or_default();
    let mut wristband = world.of_first(4, numbers)?;
    if world.one_in(40) {
        wristband = id("H2")?;
    }
    world.draft(StartTransfusion { issue, wristband })
}

pub(super) fn fate(world: &mut World) -> Option<Draft> {
    let issue = out(
        world,
        &[Status::Transfusing, Status::Transfusing, Status::OnWard],
    )?;
    let issued = world.hospital.issues.get(issue)?.issued.at;
    let fate = if world.one_in(10) {
        let reason = *world.one(&["expired", "opened_unused", "no-such-reason"])?;
        Fate::DiscardedOnWard {
            reason: reason.into(),
        }
    } else {
        let millilitres = world.number(0, 210).unsigned_abs() as u32;
        Fate::Transfused {
            started: issued,
            ended: world.at,
            volume: Millilitres(millilitres),
            reaction: *world.one(&Checked::ALL)?,
        }
    };
    world.draft(RecordFate { issue, fate })
}

pub(super) fn acknowledge(world: &mut World) -> Option<Draft> {
    let alarms: Vec<IssueId> = world
        .hospital
        .issues
        .alarms()
        .map(|issue| issue.id)
        .collect();
    let issue = match world.of_last(10, alarms) {
        Some(alarm) => alarm,
        None if world.one_in(10) => world.pick(|w| &w.issues, 20, |_, _| true)?,
        None => return None,
    };
    world.draft(AcknowledgeIncompatible {
        issue,
        answer: "已停输，已告知医生".into(),
    })
}

pub(super) fn response(world: &mut World) -> Option<Draft> {
    let issue = world.pick(
        |w| &w.issues,
        80,
        |hospital, id| {
            hospital
                .issues
                .get(*id)
                .is_some_and(|issue| matches!(&issue.fate, Some((_, Fate::Transfused { .. }))))
        },
    )?;
    let before = world.number(300, 9000).unsigned_abs() as u32;
    let after = before + world.number(-200, 4000).max(0).unsigned_abs() as u32;
    let stated = !world.one_in(12);
    let ago = world.number(0, 30);
    world.draft(RecordResponse {
        issue,
        response: Response {
            before,
            after,
            taken: world.minutes(-ago),
            area: stated.then_some(172),
            dose: stated.then_some(300),
        },
    })
}

/// A bag that was promised to one patient, proposed for another: the gate stops it.
pub(super) fn dispute(world: &mut World) -> Option<Draft> {
    let request = request(world, |request| request.state.open())?;
    let unit = world.pick(
        |w| &w.units,
        120,
        |hospital, id| {
            hospital
                .units
                .get(id)
                .is_some_and(|unit| unit.status != Status::Available)
        },
    )?;
    world.draft(DisputeProposal { unit, request })
}
