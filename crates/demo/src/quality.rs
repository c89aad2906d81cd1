//! A month of controls, so that the charts have something to show; this morning's, so that work can begin; and one item that went
//! out and waits for somebody.

use std::collections::BTreeSet;

use anyhow::Context;
use lifeline_core::SignedDuration;
use lifeline_core::blood::Grade;
use lifeline_core::event::Event;
use lifeline_core::id::{CaseId, ControlCode, DeviceId, LotId, RunId};
use lifeline_core::quality::{
    Basis, CloseCase, Control, CorrectCase, Level, Place, QualityEvent, Reads, RecordControlRun,
    RunDraft, SetTarget, Shown, Verdict, control,
};
use lifeline_core::testing::{LotKind, OpenLot, Reading, ReceiveLot};
use lifeline_qc::Decimal;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::{Facts, House, bench};

/// How far back the demonstration begins.
pub(crate) const MONTH: SignedDuration = SignedDuration::from_hours(24 * 31);

/// Control material of the bench, of thromboelastography, of the blood count, of serology and NAT.
pub(crate) const CELLS: &str = "QC-2610";
const MATERIALS: [(&str, &str); 4] = [
    (CELLS, "血型血清学质控品"),
    ("TEG-QC-26", "血栓弹力图质控品"),
    ("HB-QC-26", "血细胞分析质控品"),
    ("ID-QC-26", "传染病标志物弱阳性质控品"),
];
/// Commands of a long history on their way at once.
const CROWD_AT_ONCE: usize = 32;
/// The kit of the serology bench.
pub(crate) const KIT: &str = "HBS-2610";

/// A measured control of the month: code, material, levels with mean, SD and digits.
type Series = (
    &'static str,
    &'static str,
    &'static [(&'static str, f64, f64, usize)],
);

const SERIES: [Series; 5] = [
    (
        "teg-r",
        "TEG-QC-26",
        &[("l1", 6.5, 0.4, 1), ("l2", 2.4, 0.2, 1)],
    ),
    (
        "teg-ma",
        "TEG-QC-26",
        &[("l1", 58.0, 2.0, 1), ("l2", 34.0, 1.6, 1)],
    ),
    (
        "hb",
        "HB-QC-26",
        &[("l1", 126.0, 1.5, 0), ("l2", 162.0, 2.0, 0)],
    ),
    ("hbsag-sco", "ID-QC-26", &[("low", 3.10, 0.22, 2)]),
    ("nat-ct", "ID-QC-26", &[("low", 34.2, 0.6, 1)]),
];

/// Measured controls with targets that were begun only today.
const FURTHER: [Series; 2] = [
    (
        "teg-k",
        "TEG-QC-26",
        &[("l1", 1.8, 0.2, 1), ("l2", 4.2, 0.4, 1)],
    ),
    (
        "teg-angle",
        "TEG-QC-26",
        &[("l1", 65.0, 2.0, 1), ("l2", 38.0, 2.0, 1)],
    ),
];

async fn lot(house: &House, id: &str, kind: LotKind, name: &str, days: i64) -> anyhow::Result<()> {
    let lot = LotId::parse(id)?;
    let expires = house.now() + SignedDuration::from_hours(24 * days);
    let received = ReceiveLot {
        lot: lot.clone(),
        kind,
        name: name.into(),
        expires,
        packs: 20,
    };
    house.by("chen", received).await?;
    let open = OpenLot {
        lot: lot.clone(),
        until: None,
    };
    house.by("chen", open).await?;
    if kind != LotKind::Control {
        bench::accept(house, &lot).await?;
    }
    Ok(())
}

/// Materials, the serology kit, and targets.
pub(crate) async fn prepare(house: &House) -> anyhow::Result<()> {
    for (id, name) in MATERIALS {
        lot(house, id, LotKind::Control, name, 300).await?;
    }
    lot(house, KIT, LotKind::Reagent, "HBsAg 化学发光试剂盒", 200).await?;
    for (code, material, levels) in SERIES.into_iter().chain(FURTHER) {
        for (level, mean, sd, digits) in levels {
            house
                .by(
                    "qian",
                    SetTarget {
                        control: ControlCode::parse(code)?,
                        material: LotId::parse(material)?,
                        level: ControlCode::parse(level)?,
                        mean: Decimal::parse(&format!("{mean:.digits$}"))?,
                        sd: Decimal::parse(&format!("{sd:.2}"))?,
                        basis: Basis::Initial,
                        values: 20,
                        reason: "前20次测定值".into(),
                    },
                )
                .await?;
        }
    }
    Ok(())
}

/// The month before today, one morning after the other. Nothing where the clock cannot be put back.
pub(crate) async fn month(house: &House, random: &mut StdRng, shifted: bool) -> anyhow::Result<()> {
    if !shifted {
        return Ok(());
    }
    let mut sides = [0_i32; 8];
    for day in 0..30_u32 {
        house.desk.clock().advance(SignedDuration::from_hours(24));
        for (index, (code, material, levels)) in SERIES.iter().enumerate() {
            // On the twelfth day the thromboelastograph ran long: out, calibrated, repeated, closed by somebody else.
            let out = *code == "teg-r" && day == 12;
            let mut given = Vec::new();
            for (place, (level, mean, sd, digits)) in levels.iter().enumerate() {
                // Scattered, and now and then farther out, but never so that a rule is broken by chance.
                let far = if day % 5 == 3 { 1.7 } else { 1.0 };
                let mut z: f64 = random.random_range(-0.95..0.95) * far;
                if let Some(side) = sides.get_mut(index).filter(|_| place == 0) {
                    if *side > 2 {
                        z = -z.abs();
                    } else if *side < -2 {
                        z = z.abs();
                    }
                    *side = if z > 0.0 {
                        (*side).max(0) + 1
                    } else {
                        (*side).min(0) - 1
                    };
                }
                if place == 1 {
                    z = -z * 0.8;
                }
                if day == 20 && *code == "teg-ma" && place == 0 {
                    z = 2.3;
                }
                if out {
                    z = 3.4;
                }
                given.push(measured(level, material, mean + z * sd, *digits)?);
            }
            let facts = run(house, code, Place::Bench, kit(code), given, None).await?;
            if opened(&facts).is_some() {
                put_right(house, code, material, levels, &facts).await?;
            }
        }
        morning(house, day).await?;
    }
    house.desk.clock().advance(SignedDuration::from_hours(24));
    Ok(())
}

fn kit(code: &str) -> &'static [&'static str] {
    if matches!(code, "hbsag-sco" | "nat-ct") {
        &[KIT]
    } else {
        &[]
    }
}

pub(crate) fn measured(
    level: &str,
    material: &str,
    value: f64,
    digits: usize,
) -> anyhow::Result<Level> {
    Ok(Level {
        level: ControlCode::parse(level)?,
        material: LotId::parse(material)?,
        shown: Shown::Measured(Decimal::parse(&format!("{value:.digits$}"))?),
    })
}

async fn run(
    house: &House,
    code: &str,
    place: Place,
    lots: &[&str],
    levels: Vec<Level>,
    repeat: Option<(RunId, String)>,
) -> anyhow::Result<Facts> {
    let lots: Result<BTreeSet<LotId>, _> = lots.iter().map(|lot| LotId::parse(lot)).collect();
    let draft = RunDraft {
        control: ControlCode::parse(code)?,
        place,
        lots: lots?,
        levels,
        ran: house.now(),
        repeat,
    };
    house.by("chen", RecordControlRun { draft }).await
}

/// The run and the case of what went out.
fn opened(facts: &Facts) -> Option<(RunId, CaseId)> {
    facts.iter().find_map(|(_, event)| match event {
        Event::Quality(QualityEvent::CaseOpened { run, case, .. }) => Some((*run, *case)),
        _ => None,
    })
}

async fn put_right(
    house: &House,
    code: &str,
    material: &str,
    levels: &[(&str, f64, f64, usize)],
    facts: &Facts,
) -> anyhow::Result<()> {
    let Some((run_out, case)) = opened(facts) else {
        return Ok(());
    };
    house.desk.clock().advance(SignedDuration::from_mins(20));
    house
        .by(
            "chen",
            CorrectCase {
                case,
                cause: "instrument".into(),
                action: "清洁检测杯位并重新校准".into(),
            },
        )
        .await?;
    house.desk.clock().advance(SignedDuration::from_mins(15));
    let again: Result<Vec<Level>, _> = levels
        .iter()
        .map(|(level, mean, sd, digits)| measured(level, material, mean + 0.3 * sd, *digits))
        .collect();
    let repeat = Some((run_out, "校准后重做".into()));
    run(house, code, Place::Bench, kit(code), again?, repeat).await?;
    house
        .by(
            "qian",
            CloseCase {
                case,
                note: "校准后在控，期间无临床结果受影响".into(),
            },
        )
        .await?;
    house.desk.clock().advance(SignedDuration::from_mins(-35));
    Ok(())
}

/// So many runs more of one control with two levels, spread evenly over the month: a chart as long as many years make it. Never so far
/// out that a rule is broken, so that no case is opened; now and then a warning.
pub(crate) async fn crowd(house: &House, runs: u32) -> anyhow::Result<()> {
    let (code, material, levels) = SERIES.get(1).context("a measured control")?;
    let now = house.now();
    let step = (MONTH - SignedDuration::from_hours(24)) / i32::try_from(runs.max(1))?;
    let mut random = StdRng::seed_from_u64(u64::from(runs));
    let mut waiting = tokio::task::JoinSet::new();
    for index in 0..runs {
        let mut given = Vec::new();
        for (place, (level, mean, sd, digits)) in levels.iter().enumerate() {
            let side = if (index as usize + place).is_multiple_of(2) {
                1.0
            } else {
                -1.0
            };
            let z: f64 = match index % 97 {
                // On the other side of the one warning that the month has.
                96 if place == 0 => -2.2,
                _ => side * random.random_range(0.1..0.9),
            };
            given.push(measured(level, material, mean + z * sd, *digits + 2)?);
        }
        let draft = RunDraft {
            control: ControlCode::parse(code)?,
            place: Place::Bench,
            lots: BTreeSet::new(),
            levels: given,
            ran: now - step * i32::try_from(runs - index)?,
            repeat: None,
        };
        let house = house.clone();
        waiting.spawn(async move { house.by("chen", RecordControlRun { draft }).await });
        // As many at once as fill a batch of the desk; in the order of their times as far as it matters to the rules.
        if waiting.len() >= CROWD_AT_ONCE {
            while let Some(done) = waiting.join_next().await {
                done??;
            }
        }
    }
    while let Some(done) = waiting.join_next().await {
        done??;
    }
    Ok(())
}

/// What a graded control shows on a good day; `weaker` takes a step off the weak positive.
fn graded(control: &Control, weaker: bool) -> anyhow::Result<Vec<Level>> {
    let Reads::Graded(levels) = &control.reads else {
        anyhow::bail!("{} is no graded control", control.code)
    };
    levels
        .iter()
        .map(|level| {
            let readings = level.wells.iter().map(|well| Reading {
                well: well.well,
                grade: match well.grade {
                    Grade::One if weaker => Grade::Weak,
                    grade => grade,
                },
            });
            Ok(Level {
                level: level.level.clone(),
                material: LotId::parse(CELLS)?,
                shown: Shown::Graded(readings.collect()),
            })
        })
        .collect()
}

async fn graded_run(
    house: &House,
    code: &str,
    place: Place,
    lots: &[&str],
    weaker: bool,
) -> anyhow::Result<()> {
    let state = house.desk.state();
    let known = control(&state, &ControlCode::parse(code)?, house.now())
        .map_err(|finding| anyhow::anyhow!("{finding:?}"))?;
    let levels = graded(known, weaker)?;
    let facts = run(house, code, place, lots, levels, None).await?;
    let verdict = facts.iter().find_map(|(_, event)| match event {
        Event::Quality(QualityEvent::RunRecorded { levels, .. }) => {
            levels.iter().map(|level| level.verdict).max()
        }
        _ => None,
    });
    anyhow::ensure!(verdict != Some(Verdict::Rejected), "{code} went out");
    Ok(())
}

async fn morning(house: &House, day: u32) -> anyhow::Result<()> {
    // The last week the weak screen control reads a step lower: a reagent that is fading, not out yet.
    graded_run(house, "bench-group", Place::Bench, &[bench::SERA], false).await?;
    graded_run(
        house,
        "bench-screen",
        Place::Bench,
        &[bench::CARDS],
        day >= 24,
    )
    .await?;
    graded_run(
        house,
        "bench-crossmatch",
        Place::Bench,
        &[bench::CARDS],
        false,
    )
    .await
}

/// This morning: everything the day's work rests on is in control; haemoglobin, which no result here rests on, went out.
pub(crate) async fn today(house: &House) -> anyhow::Result<()> {
    graded_run(
        house,
        "bench-group",
        Place::Bench,
        &[bench::SERA, bench::CELLS],
        false,
    )
    .await?;
    graded_run(
        house,
        "bench-screen",
        Place::Bench,
        &[bench::CARDS, bench::SCREEN],
        true,
    )
    .await?;
    graded_run(house, "bench-dat", Place::Bench, &[bench::CARDS], false).await?;
    graded_run(
        house,
        "bench-crossmatch",
        Place::Bench,
        &[bench::CARDS, bench::BROMIDE],
        false,
    )
    .await?;
    let echo = Place::Device(DeviceId::parse("echo-1")?);
    // Groups and screens the analyser controls by itself, and sends them over its line.
    for code in ["analyser-dat", "analyser-crossmatch"] {
        graded_run(house, code, echo.clone(), &[], false).await?;
    }
    let teg = vec![
        measured("l1", "TEG-QC-26", 6.6, 1)?,
        measured("l2", "TEG-QC-26", 2.4, 1)?,
    ];
    run(house, "teg-r", Place::Bench, &[], teg, None).await?;
    let hb = vec![
        measured("l1", "HB-QC-26", 127.0, 0)?,
        measured("l2", "HB-QC-26", 169.0, 0)?,
    ];
    run(house, "hb", Place::Bench, &[], hb, None).await?;
    Ok(())
}
