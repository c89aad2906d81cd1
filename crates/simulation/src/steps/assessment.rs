//! Rounds of external assessment, from plan to close.

use lifeline_core::assessment::*;
use lifeline_core::id::{ProgrammeId, RoundId};
use lifeline_core::people::Action;
use lifeline_qc::eqa::Submitted;

use crate::world::{Draft, World, id};

/// Minutes of a day.
const DAY: i64 = 1440;
/// How many of the last rounds people still work on.
const RECENT: usize = 12;
/// Groups that are found and told.
const GROUPS: [&str; 4] = ["A", "B", "O", "AB"];

fn programme() -> Option<ProgrammeId> {
    id("eqa-1")
}

/// One of the last rounds that stands there.
fn round(world: &mut World, wanted: &[RoundState]) -> Option<RoundId> {
    let found: Vec<RoundId> = world
        .hospital
        .assessments
        .rounds()
        .filter(|round| wanted.contains(&round.state()) || wanted.is_empty())
        .map(|round| round.id)
        .collect();
    world.of_last(RECENT, found)
}

pub(super) fn save(world: &mut World) -> Option<Draft> {
    let active = !world.one_in(12);
    world.draft(SaveProgramme {
        programme: programme()?,
        name: "室间质评".into(),
        latin: "EQA".into(),
        provider: "NCCL".into(),
        table: "china".into(),
        items: vec![Item {
            code: "abo".into(),
            measure: Measure::Graded,
        }],
        active,
    })
}

pub(super) fn open(world: &mut World) -> Option<Draft> {
    let n = world.number(0, 1_000_000);
    let days = world.number(1, 20);
    let deadline = world.minutes(days * DAY);
    world.draft(OpenRound {
        programme: programme()?,
        label: format!("r{n}"),
        deadline,
        samples: 2,
    })
}

pub(super) fn carry(world: &mut World) -> Option<Draft> {
    let n = world.number(0, 1_000_000);
    let days = world.number(1, 900);
    let deadline = world.minutes(-days * DAY);
    let acceptable = u32::try_from(world.number(3, 5)).ok()?;
    let command = CarryOverRound {
        programme: programme()?,
        label: format!("c{n}"),
        deadline,
        reference: "paper".into(),
        submitted: Submitted::OnTime,
        items: vec![Carried {
            item: "abo".into(),
            acceptable,
            challenges: 5,
        }],
    };
    world.signed(command, Action::AssessmentSubmit)
}

pub(super) fn receive(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Awaited])?;
    let received = world.minutes(0);
    let samples = (1..=2)
        .map(|number| {
            Some(BlindSample {
                code: number.to_string(),
                tube: id(&format!("EQ{}-{number}", round.0))?,
            })
        })
        .collect::<Option<_>>()?;
    world.draft(ReceivePanel {
        round,
        received,
        samples,
        intact: true,
        note: String::new(),
    })
}

pub(super) fn enter(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Testing])?;
    let tubes: Vec<_> = world
        .hospital
        .assessments
        .round(round)?
        .samples
        .iter()
        .map(|sample| sample.tube.clone())
        .collect();
    let mut results = Vec::new();
    for tube in tubes {
        let group = *world.one(&GROUPS)?;
        results.push(Entered {
            tube,
            item: "abo".into(),
            answer: Answer::Word(group.into()),
        });
    }
    let tester = world.someone(Action::AssessmentEnter)?;
    let tested = world.minutes(0);
    world.draft(EnterResults {
        round,
        tester,
        tested,
        device: None,
        results,
        correction: "复核".into(),
    })
}

pub(super) fn take(world: &mut World) -> Option<Draft> {
    let open: Vec<RoundId> = world
        .hospital
        .assessments
        .rounds()
        .filter(|round| round.state() == RoundState::Testing)
        .filter(|round| !tube_answers(&world.hospital, round).is_empty())
        .map(|round| round.id)
        .collect();
    let round = world.of_last(RECENT, open)?;
    world.draft(TakeResults {
        round,
        correction: "以检测结果为准".into(),
    })
}

pub(super) fn absent(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Awaited, RoundState::Testing])?;
    world.draft(RecordAbsence {
        round,
        reference: "absent".into(),
    })
}

pub(super) fn submit(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Testing])?;
    let command = SubmitRound {
        round,
        reference: "receipt".into(),
    };
    world.signed(command, Action::AssessmentSubmit)
}

pub(super) fn report(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Submitted, RoundState::Unsatisfactory])?;
    let mut targets = Vec::new();
    for number in 1..=2 {
        let group = *world.one(&GROUPS)?;
        targets.push(Told {
            code: number.to_string(),
            item: "abo".into(),
            target: Target::Expected(group.into()),
        });
    }
    world.draft(RecordReport {
        round,
        reference: "report".into(),
        targets,
    })
}

pub(super) fn appeal(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Unsatisfactory])?;
    world.draft(AppealRound {
        round,
        grounds: "靶值有误".into(),
    })
}

pub(super) fn settle(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Appealed])?;
    let upheld = world.one_in(3);
    world.draft(SettleAppeal {
        round,
        upheld,
        answer: "已复核".into(),
    })
}

pub(super) fn step(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Unsatisfactory])?;
    let effective = !world.one_in(3);
    let step = match world.number(0, 2) {
        0 => Step::Cause("放反".into()),
        1 => Step::Correction("培训".into()),
        _ => Step::Effect {
            effective,
            finding: "复测".into(),
        },
    };
    world.draft(TakeStep { round, step })
}

pub(super) fn close(world: &mut World) -> Option<Draft> {
    let round = round(world, &[RoundState::Settled])?;
    world.draft(CloseRound {
        round,
        note: String::new(),
    })
}
