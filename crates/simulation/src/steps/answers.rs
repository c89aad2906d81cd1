//! What people are waited for: answers to rejections, signatures under an exception, near misses, recalls taken back.

use lifeline_core::command::NoteExport;
use lifeline_core::crossmatch::{
    AgreeLeastIncompatible, ApproveLeastIncompatible, AskLeastIncompatible, Crossmatch, Outcome,
};
use lifeline_core::id::{CrossmatchId, NearMissId, PatientId, SampleId};
use lifeline_core::near_miss::{CloseNearMiss, ReportNearMiss};
use lifeline_core::patient::{LinkKind, LinkPatients, UnlinkPatients};
use lifeline_core::people::Action;
use lifeline_core::sample::AnswerRejection;
use lifeline_core::shift::{HandOverShift, counts, matters};
use lifeline_core::unit::WithdrawRecall;

use crate::world::{Draft, World};

/// How far back people look for something to answer.
const RECENT: usize = 200;

pub(super) fn withdraw_recall(world: &mut World) -> Option<Draft> {
    let recalled: Vec<_> = world
        .hospital
        .units
        .iter()
        .filter(|unit| world.hospital.units.recalled(unit.id.din).is_some())
        .map(|unit| unit.id.din)
        .collect();
    let din = world.of_last(30, recalled)?;
    world.signed(
        WithdrawRecall {
            din,
            reason: "血站更正".into(),
            reference: "N-2".into(),
        },
        Action::UnitRelease,
    )
}

pub(super) fn answer_rejection(world: &mut World) -> Option<Draft> {
    let waiting: Vec<SampleId> = world
        .hospital
        .samples
        .unanswered()
        .map(|sample| sample.id.clone())
        .collect();
    let sample = world.of_last(20, waiting)?;
    world.draft(AnswerRejection {
        sample,
        answer: "已重新采血".into(),
    })
}

fn reacted(world: &mut World, fits: impl Fn(&Crossmatch) -> bool) -> Option<CrossmatchId> {
    let found: Vec<CrossmatchId> = world
        .hospital
        .crossmatches
        .iter()
        .rev()
        .take(RECENT)
        .filter(|found| {
            found.outcome == Outcome::Incompatible
                && found.void.is_none()
                && found.reviewed.is_some()
                && found.expires > world.at
                && fits(found)
        })
        .map(|found| found.id)
        .collect();
    world.of_first(20, found)
}

pub(super) fn ask(world: &mut World) -> Option<Draft> {
    let crossmatch = reacted(world, |found| found.exception.is_none())?;
    world.draft(AskLeastIncompatible {
        crossmatch,
        reason: "无相容血，不输危及生命".into(),
    })
}

pub(super) fn agree(world: &mut World) -> Option<Draft> {
    let crossmatch = reacted(world, |found| {
        found
            .exception
            .as_ref()
            .is_some_and(|asked| asked.agreed.is_none())
    })?;
    world.draft(AgreeLeastIncompatible { crossmatch })
}

pub(super) fn approve(world: &mut World) -> Option<Draft> {
    let crossmatch = reacted(world, |found| {
        found
            .exception
            .as_ref()
            .is_some_and(|asked| asked.approved.is_none())
    })?;
    world.draft(ApproveLeastIncompatible { crossmatch })
}

fn patient(world: &mut World) -> Option<PatientId> {
    world.pick(
        |w| &w.patients,
        60,
        |hospital, id| {
            hospital
                .patients
                .get(*id)
                .is_some_and(|patient| patient.merged_into.is_none())
        },
    )
}

pub(super) fn link(world: &mut World) -> Option<Draft> {
    let (one, other) = (patient(world)?, patient(world)?);
    let kind = *world.one(&LinkKind::ALL)?;
    world.draft(LinkPatients {
        patient: one,
        kind,
        other,
    })
}

pub(super) fn unlink(world: &mut World) -> Option<Draft> {
    let linked = world.pick(
        |w| &w.patients,
        200,
        |hospital, id| {
            hospital
                .patients
                .get(*id)
                .is_some_and(|patient| !patient.links.is_empty())
        },
    )?;
    let (kind, other) = *world.hospital.patients.get(linked)?.links.first()?;
    world.draft(UnlinkPatients {
        patient: linked,
        kind,
        other,
        reason: "登记错误".into(),
    })
}

pub(super) fn report(world: &mut World) -> Option<Draft> {
    let about = patient(world)?;
    let happened = world.at;
    world.draft(ReportNearMiss {
        kind: "mislabelled_sample".into(),
        account: "标签贴错，核对时发现".into(),
        happened,
        about: vec![about.into()],
    })
}

pub(super) fn close(world: &mut World) -> Option<Draft> {
    let open: Vec<NearMissId> = world
        .hospital
        .near_misses
        .open()
        .map(|found| found.id)
        .collect();
    let near_miss = world.of_first(20, open)?;
    world.draft(CloseNearMiss {
        near_miss,
        cause: "忙乱".into(),
        measure: "改流程".into(),
    })
}

pub(super) fn export(world: &mut World) -> Option<Draft> {
    let upto = world.hospital.seq;
    world.draft(NoteExport { upto })
}

pub(super) fn hand_over(world: &mut World) -> Option<Draft> {
    let at = world.minutes(0);
    let mut shown = counts(&matters(&world.hospital, at));
    if world.one_in(4) {
        shown.clear();
    }
    let command = HandOverShift {
        notes: "留言".into(),
        shown,
    };
    world.signed(command, Action::ShiftHandOver)
}
