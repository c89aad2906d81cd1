//! Documents, nonconformities, competence, comparisons and reviews.

use lifeline_core::governance::*;
use lifeline_core::id::{DocumentId, NonconformityId};
use lifeline_core::people::{Action, Role};

use crate::world::{Draft, World, id};

/// How many of the last cases people still work on.
const RECENT: usize = 6;

fn document(world: &mut World) -> Option<DocumentId> {
    let number = world.number(1, 4);
    id(&format!("sop-{number}"))
}

/// One of the last cases that waits for a stage.
fn case(world: &mut World, stage: Stage) -> Option<NonconformityId> {
    let found: Vec<NonconformityId> = world
        .hospital
        .governance
        .nonconformities
        .values()
        .filter(|case| case.stage() == stage)
        .map(|case| case.id)
        .collect();
    world.of_last(RECENT, found)
}

pub(super) fn publish(world: &mut World) -> Option<Draft> {
    let document = document(world)?;
    let newest = world.hospital.governance.documents.get(&document);
    let newest = newest.and_then(|known| known.editions.last());
    let edition = newest.map_or(1, |newest| newest.number + 1);
    let command = PublishDocument {
        document,
        edition,
        title: "程序".into(),
        place: "files".into(),
        digest: None,
        effective: world.minutes(0),
        readers: [Role::Technologist].into(),
    };
    world.signed(command, Action::DocumentApprove)
}

pub(super) fn sign(world: &mut World) -> Option<Draft> {
    let document = document(world)?;
    let known = world.hospital.governance.documents.get(&document)?;
    let edition = known.editions.last()?.number;
    world.draft(SignDocument { document, edition })
}

pub(super) fn retire(world: &mut World) -> Option<Draft> {
    let command = RetireDocument {
        document: document(world)?,
        reason: "不再使用".into(),
    };
    world.signed(command, Action::DocumentApprove)
}

pub(super) fn report(world: &mut World) -> Option<Draft> {
    let (source, weight) = (
        *world.one(NonconformitySource::ALL)?,
        *world.one(Weight::ALL)?,
    );
    let happened = world.minutes(0);
    world.draft(ReportNonconformity {
        source,
        weight,
        text: "与程序不符".into(),
        about: None,
        happened,
    })
}

pub(super) fn analyse(world: &mut World) -> Option<Draft> {
    let nonconformity = case(world, Stage::Cause)?;
    world.draft(AnalyseNonconformity {
        nonconformity,
        cause: "没有核对".into(),
    })
}

pub(super) fn plan(world: &mut World) -> Option<Draft> {
    let nonconformity = case(world, Stage::Plan)?;
    let who = world.someone(Action::TestRecord)?;
    let due = world.minutes(600);
    world.draft(PlanAction {
        nonconformity,
        kind: ActionKind::Corrective,
        text: "重新培训".into(),
        who,
        due,
    })
}

pub(super) fn complete(world: &mut World) -> Option<Draft> {
    let nonconformity = case(world, Stage::Action)?;
    world.draft(CompleteAction {
        nonconformity,
        action: 0,
        done: "已经培训".into(),
    })
}

pub(super) fn judge(world: &mut World) -> Option<Draft> {
    let nonconformity = case(world, Stage::Effect)?;
    let effective = !world.one_in(4);
    world.draft(JudgeEffectiveness {
        nonconformity,
        effective,
        evidence: "抽查记录".into(),
    })
}

pub(super) fn assess(world: &mut World) -> Option<Draft> {
    let person = world.someone(Action::TestRecord)?;
    let passed = !world.one_in(5);
    let until = world.minutes(60 * 24 * 365);
    world.draft(RecordCompetence {
        person,
        item: "交叉配血".into(),
        method: AssessmentMethod::Observation,
        passed,
        until,
        note: String::new(),
    })
}

pub(super) fn compare(world: &mut World) -> Option<Draft> {
    let odd = world.one_in(3);
    let rows = (0..5).map(|number| Row {
        sample: format!("S{number}"),
        results: vec![
            "A".into(),
            if odd && number == 0 { "O" } else { "A" }.into(),
        ],
    });
    let rows = rows.collect();
    world.draft(RecordComparison {
        versus: Versus::Operators,
        item: "ABO".into(),
        scale: Scale::Words,
        parties: vec!["甲".into(), "乙".into()],
        rows,
    })
}

pub(super) fn review(world: &mut World) -> Option<Draft> {
    let held = world.hospital.today(world.minutes(0));
    let found = world.hospital.governance.nonconformities.keys().next_back();
    let command = RecordReview {
        kind: ReviewKind::InternalAudit,
        held,
        scope: "全部程序".into(),
        conclusion: "基本符合".into(),
        nonconformities: found.copied().into_iter().collect(),
    };
    world.signed(command, Action::DocumentApprove)
}
