//! External assessment: two programmes with five years of rounds, one round at the bench, one that went wrong.

use lifeline_core::SignedDuration;
use lifeline_core::assessment::{
    Answer, AssessmentEvent, BlindSample, Carried, CarryOverRound, EnterResults, Entered, Item,
    Measure, OpenRound, ReceivePanel, RecordReport, SaveProgramme, Step, SubmitRound, TakeStep,
    Target, Told,
};
use lifeline_core::blood::{Abo, BloodGroup, RhD};
use lifeline_core::event::Event;
use lifeline_core::id::{ProgrammeId, RoundId, SampleId, UserId};
use lifeline_core::testing::TestKind;
use lifeline_qc::Decimal;
use lifeline_qc::eqa::Submitted;

use crate::House;
use crate::patients::{group_wells, test};

const HOURS_OF_A_DAY: i64 = 24;
/// Our code, Chinese and English name, provider, items (a unit makes a number of it).
type Programme = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);
const PROGRAMMES: [Programme; 2] = [
    (
        "NAT-BT",
        "全国输血相容性检测室间质评",
        "National transfusion compatibility EQA",
        "国家中心(演示)",
        &[
            ("abo", ""),
            ("rhd", ""),
            ("screen", ""),
            ("crossmatch", ""),
            ("identification", ""),
        ],
    ),
    (
        "PROV-HB",
        "省血红蛋白与血型室间质评",
        "Provincial haemoglobin and grouping EQA",
        "省临床检验中心(演示)",
        &[("abo", ""), ("haemoglobin", "g/L")],
    ),
];

/// Rounds before this program: programme, label, days ago, acceptable of five for each item, sent in time.
const OLD: [(usize, &str, i64, &[u32], bool); 17] = [
    (0, "2022-1", 1650, &[5, 5, 5, 5, 4], true),
    (0, "2022-2", 1470, &[5, 5, 5, 5, 5], true),
    (0, "2023-1", 1290, &[5, 5, 4, 5, 4], true),
    (0, "2023-2", 1110, &[5, 5, 5, 5, 5], true),
    (0, "2024-1", 930, &[5, 5, 5, 5, 4], true),
    (0, "2024-2", 740, &[5, 5, 5, 5, 5], true),
    (0, "2025-1", 560, &[5, 5, 5, 5, 5], true),
    (0, "2025-2", 380, &[5, 5, 5, 5, 5], true),
    (0, "2026-1", 200, &[5, 5, 5, 5, 5], true),
    (1, "2022-A", 1600, &[5, 4], true),
    (1, "2023-A", 1240, &[5, 5], true),
    (1, "2023-B", 1060, &[5, 3], true),
    (1, "2024-A", 880, &[5, 4], true),
    (1, "2024-B", 700, &[5, 5], false),
    (1, "2025-A", 510, &[5, 5], true),
    (1, "2025-B", 330, &[5, 5], true),
    (1, "2026-A", 150, &[5, 5], true),
];

/// Enters programmes and rounds.
///
/// # Errors
/// A command was refused: a fault of the demonstration.
pub async fn assess(house: &House) -> anyhow::Result<()> {
    for (code, name, latin, provider, items) in PROGRAMMES {
        let items = items
            .iter()
            .map(|(code, unit)| Item {
                code: (*code).into(),
                measure: if unit.is_empty() {
                    Measure::Graded
                } else {
                    Measure::Measured {
                        unit: (*unit).into(),
                    }
                },
            })
            .collect();
        let programme = SaveProgramme {
            programme: ProgrammeId::parse(code)?,
            name: name.into(),
            latin: latin.into(),
            provider: provider.into(),
            table: "china".into(),
            items,
            active: true,
        };
        house.by("qian", programme).await?;
    }
    for (number, label, days, acceptable, in_time) in OLD {
        let (code, _, _, _, items) = PROGRAMMES
            .get(number)
            .ok_or_else(|| anyhow::anyhow!("no programme {number}"))?;
        let round = CarryOverRound {
            programme: ProgrammeId::parse(code)?,
            label: label.into(),
            deadline: after(house, -days)?,
            reference: format!("{code}/{label}"),
            submitted: if in_time {
                Submitted::OnTime
            } else {
                Submitted::Late
            },
            items: items
                .iter()
                .zip(acceptable)
                .map(|((item, _), acceptable)| Carried {
                    item: (*item).into(),
                    acceptable: *acceptable,
                    challenges: 5,
                })
                .collect(),
        };
        house.signed("qian", Some("liu"), round).await?;
    }
    bad_round(house).await?;
    let bench = plan(house, "NAT-BT", "2026-2", 2).await?;
    house.by("qian", panel(house, bench, "26N")?).await?;
    // Two of the five are tested: their results wait to be taken.
    for (number, abo, rhd) in [(1, Abo::A, RhD::Positive), (2, Abo::B, RhD::Negative)] {
        let tube = tube(bench, number)?;
        let wells = group_wells(BloodGroup::new(abo, rhd));
        test(house, &tube, TestKind::Group, wells).await?;
    }
    plan(house, "PROV-HB", "2026-C", 25).await?;
    Ok(())
}

fn after(house: &House, days: i64) -> anyhow::Result<jiff::Timestamp> {
    Ok(house
        .now()
        .checked_add(SignedDuration::from_hours(days * HOURS_OF_A_DAY))?)
}

async fn plan(house: &House, programme: &str, label: &str, days: i64) -> anyhow::Result<RoundId> {
    let command = OpenRound {
        programme: ProgrammeId::parse(programme)?,
        label: label.into(),
        deadline: after(house, days)?,
        samples: 5,
    };
    let facts = house.by("qian", command).await?;
    let opened = facts.iter().find_map(|(_, event)| match event {
        Event::Assessment(AssessmentEvent::RoundOpened { round, .. }) => Some(*round),
        _ => None,
    });
    opened.ok_or_else(|| anyhow::anyhow!("the round has no number"))
}

fn panel(house: &House, round: RoundId, prefix: &str) -> anyhow::Result<ReceivePanel> {
    let samples = (1..=5)
        .map(|number| {
            Ok(BlindSample {
                code: format!("{prefix}-{number}"),
                tube: tube(round, number)?,
            })
        })
        .collect::<anyhow::Result<_>>()?;
    Ok(ReceivePanel {
        round,
        received: house.now(),
        samples,
        intact: true,
        note: String::new(),
    })
}

fn tube(round: RoundId, number: usize) -> anyhow::Result<SampleId> {
    Ok(SampleId::parse(&format!("S9{:04}{number}", round.0))?)
}

/// A round in which two tubes were mixed up: found, explained, being corrected.
async fn bad_round(house: &House) -> anyhow::Result<()> {
    let round = plan(house, "PROV-HB", "2026-B", 10).await?;
    house.by("qian", panel(house, round, "26H")?).await?;
    let groups = ["A", "O", "B", "AB", "A"];
    let told = ["A", "B", "O", "AB", "A"];
    let haemoglobin = [
        ("118", "119.2"),
        ("96", "95.1"),
        ("142", "149.5"),
        ("87", "86.8"),
        ("130", "128.9"),
    ];
    let mut results = Vec::new();
    let mut targets = Vec::new();
    for number in 1..=5 {
        let at = number - 1;
        let (Some(group), Some(right), Some((found, assigned))) =
            (groups.get(at), told.get(at), haemoglobin.get(at))
        else {
            continue;
        };
        let code = format!("26H-{number}");
        results.push(Entered {
            tube: tube(round, number)?,
            item: "abo".into(),
            answer: Answer::Word((*group).into()),
        });
        results.push(Entered {
            tube: tube(round, number)?,
            item: "haemoglobin".into(),
            answer: Answer::Figure(Decimal::parse(found)?),
        });
        targets.push(Told {
            code: code.clone(),
            item: "abo".into(),
            target: Target::Expected((*right).into()),
        });
        targets.push(Told {
            code,
            item: "haemoglobin".into(),
            target: Target::Assigned {
                x_pt: Decimal::parse(assigned)?,
                sigma_pt: Decimal::parse("3.0")?,
                u_x_pt: Some(Decimal::parse("0.6")?),
            },
        });
    }
    let entered = EnterResults {
        round,
        tester: UserId::parse("wang")?,
        tested: house.now(),
        device: None,
        results,
        correction: String::new(),
    };
    house.by("wang", entered).await?;
    let sent = SubmitRound {
        round,
        reference: "2026-B-0417".into(),
    };
    house.signed("zhao", Some("liu"), sent).await?;
    let report = RecordReport {
        round,
        reference: "PROV-HB/2026-B".into(),
        targets,
    };
    house.by("qian", report).await?;
    let cause = Step::Cause("2 号与 3 号样本在离心后放反,未逐管扫码".into());
    house.by("qian", TakeStep { round, step: cause }).await?;
    Ok(())
}
