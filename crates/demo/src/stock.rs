//! Three hundred units of every component and group, received, most of them regrouped.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use lifeline_core::SignedDuration;
use lifeline_core::blood::{
    Abo, Antigen, AntigenProfile, Celsius, Din, Grade, LabelGroup, ProductCode, RhD, Typing, UnitId,
};
use lifeline_core::event::Event;
use lifeline_core::id::{LocationId, LotId};
use lifeline_core::testing::{
    Material, Reaction, Reading, RecordTest, TestEvent, TestKind, VerifyTest, Well, due_on_unit,
};
use lifeline_core::unit::{Appearance, Checked, EntryPath, ReceiptChecks, ReceiveUnit};
use rand::Rng;
use rand::rngs::StdRng;

use crate::{House, bench};

/// Product, how many, place, hours of life left at most, container temperature in tenths of a degree.
const GOODS: [(&str, usize, &str, i64, i32); 7] = [
    ("P0065V00", 110, "fridge-a", 34 * 24, 42),
    ("P0056V00", 60, "fridge-b", 34 * 24, 45),
    ("P0147VA0", 70, "freezer-1", 360 * 24, -250),
    ("P0173V00", 15, "freezer-1", 900 * 24, -250),
    ("P0200V00", 18, "agitator-1", 5 * 24, 220),
    ("P0220V00", 24, "freezer-2", 360 * 24, -260),
    ("E4550V00", 3, "fridge-a", 24, 40),
];

/// How many bags are still waiting for their regroup.
const WAITING: usize = 6;
/// Commands on their way to the desk at a time.
const AT_ONCE: usize = 64;

pub(crate) fn abo_of(chance: f64) -> Abo {
    // About the shares among Han donors.
    match chance {
        c if c < 0.31 => Abo::O,
        c if c < 0.59 => Abo::A,
        c if c < 0.89 => Abo::B,
        _ => Abo::Ab,
    }
}

fn bag(
    number: usize,
    product: &str,
    hours: i64,
    place: &str,
    tenths: i32,
    house: &House,
    random: &mut StdRng,
) -> anyhow::Result<ReceiveUnit> {
    let rhd = if random.random_bool(0.06) {
        RhD::Negative
    } else {
        RhD::Positive
    };
    let group = LabelGroup {
        abo: abo_of(random.random()),
        rhd: Some(rhd),
    };
    let red_cells = place.starts_with("fridge");
    let mut antigens = AntigenProfile::default();
    if red_cells && random.random_bool(0.35) {
        for (antigen, share) in [
            (Antigen::BigE, 0.47),
            (Antigen::LittleC, 0.53),
            (Antigen::BigC, 0.88),
            (Antigen::Jka, 0.72),
            (Antigen::Mur, 0.05),
        ] {
            antigens.set(
                antigen,
                if random.random_bool(share) {
                    Typing::Positive
                } else {
                    Typing::Negative
                },
            );
        }
    }
    let now = house.now();
    // A few run out within hours, so that the near-expiry band is not empty.
    let left = if number.is_multiple_of(29) {
        random.random_range(3..48)
    } else {
        random.random_range(hours / 4..=hours)
    };
    Ok(ReceiveUnit {
        unit: UnitId::new(
            Din::parse(&format!("4103026{:06}", 22_000 + number))?,
            ProductCode::parse(product)?,
        ),
        group,
        collected: Some(now - SignedDuration::from_hours(24 + random.random_range(0..72))),
        expires: now + SignedDuration::from_hours(left.max(2)),
        entry: EntryPath::Scanned,
        amount: None,
        volume: None,
        location: LocationId::parse(place)?,
        locked_to: None,
        antigens,
        delivery: Some(format!("SD-26{:04}", 1100 + number / 60)),
        under: None,
        checks: ReceiptChecks {
            temperature: Some(Celsius { tenths }),
            appearance: Appearance::Normal,
            seal: Checked::Good,
            label: Checked::Good,
        },
    })
}

/// Receives every bag and regroups all but a few.
pub(crate) async fn fill(house: &House, random: &mut StdRng) -> anyhow::Result<()> {
    let mut bags = Vec::new();
    for (product, count, place, hours, tenths) in GOODS {
        for _ in 0..count {
            bags.push(bag(
                bags.len() + 1,
                product,
                hours,
                place,
                tenths,
                house,
                random,
            )?);
        }
    }
    stream::iter(bags)
        .map(|bag| house.signed("chen", Some("wang"), bag))
        .buffered(AT_ONCE)
        .try_for_each(|_| async { Ok(()) })
        .await?;
    let state = house.desk.state();
    let waiting: Vec<(UnitId, LabelGroup, TestKind)> = state
        .units
        .iter()
        .flat_map(|unit| {
            due_on_unit(&state, unit)
                .into_iter()
                .map(|kind| (unit.id, unit.group, kind))
        })
        .collect();
    let regroup = waiting.len().saturating_sub(WAITING);
    stream::iter(waiting.into_iter().take(regroup))
        .map(|(unit, group, kind)| regroup_one(house, unit, group, kind))
        .buffered(AT_ONCE)
        .try_for_each(|()| async { Ok(()) })
        .await
}

async fn regroup_one(
    house: &House,
    unit: UnitId,
    group: LabelGroup,
    kind: TestKind,
) -> anyhow::Result<()> {
    let facts = house
        .by(
            "chen",
            RecordTest {
                reaction: Reaction {
                    kind,
                    material: Material::Unit(unit),
                    readings: cells(group, kind),
                    stated: None,
                    lots: BTreeSet::from([LotId::parse(bench::SERA)?]),
                    read: house.now(),
                },
            },
        )
        .await?;
    for (_, event) in facts.iter() {
        if let Event::Test(TestEvent::Recorded { test, .. }) = event {
            house
                .by(
                    "wang",
                    VerifyTest {
                        test: *test,
                        version: 1,
                    },
                )
                .await?;
        }
    }
    Ok(())
}

fn cells(group: LabelGroup, kind: TestKind) -> Vec<Reading> {
    let grade = |reacts| if reacts { Grade::Four } else { Grade::Negative };
    // Cells that react with everything prove nothing without a negative well beside them: AB is read with its control.
    let control = (kind == TestKind::AboForward && group.abo == Abo::Ab).then_some(&Well::Control);
    kind.needed()
        .iter()
        .chain(control)
        .map(|well| Reading {
            well: *well,
            grade: match well {
                Well::AntiA => grade(group.abo.has_a()),
                Well::AntiB => grade(group.abo.has_b()),
                Well::AntiD => grade(group.rhd == Some(RhD::Positive)),
                _ => Grade::Negative,
            },
        })
        .collect()
}
