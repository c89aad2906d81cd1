//! Bags: deliveries, quarantine, modification, loss, recall.

use lifeline_core::blood::*;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{DeliveryId, LocationId, UserId};
use lifeline_core::people::Action;
use lifeline_core::policy::Modification;
use lifeline_core::unit::*;
use rand::Rng;

use crate::world::{Draft, Intent, World, id};

/// Product, its family, the temperature it travels at in tenths of a degree, the days it lasts, how often it comes.
const PRODUCTS: &[(&str, Component, i32, i64, u32)] = &[
    ("E0336V00", Component::RedCells, 40, 35, 40),
    ("E0382V00", Component::RedCells, 40, 35, 10),
    ("P0111V00", Component::RedCells, -800, 3650, 2),
    ("E0001V00", Component::WholeBlood, 40, 35, 6),
    ("E0701V00", Component::Plasma, -250, 365, 8),
    ("P0173V00", Component::Plasma, -250, 365, 3),
    ("E3087V00", Component::Platelets, 220, 5, 10),
    ("E3577V00", Component::Cryo, -250, 365, 4),
    ("P0230V00", Component::Granulocytes, 220, 1, 3),
];

const PLACES: [&str; 5] = ["fridge-1", "fridge-2", "freezer-1", "shaker-1", "bench"];

fn place(world: &mut World) -> Option<LocationId> {
    id(world.one(&PLACES)?)
}

fn product(world: &mut World) -> Option<(ProductCode, Component, i32, i64)> {
    let all: u32 = PRODUCTS.iter().map(|product| product.4).sum();
    let mut drawn = world.rng.random_range(0..all);
    for (code, component, tenths, days, share) in PRODUCTS {
        if drawn < *share {
            return Some((ProductCode::parse(code).ok()?, *component, *tenths, *days));
        }
        drawn -= share;
    }
    None
}

fn din(serial: u32) -> Option<Din> {
    Din::parse(&format!("W000026{:06}", serial % 1_000_000)).ok()
}

pub(super) fn open_delivery(world: &mut World) -> Option<Draft> {
    let tenths = *world.one(&[40, 220, -250, 300])?;
    let command = OpenDelivery {
        supplier: "站".into(),
        reference: format!("D-{}", world.serial / 20),
        temperature: (!world.one_in(30)).then_some(Celsius { tenths }),
    };
    world.signed(command, Action::UnitCheck)
}

/// One that is open, mostly.
fn delivery(world: &mut World) -> Option<(DeliveryId, UserId)> {
    let hospital = &world.hospital;
    let all: Vec<_> = hospital
        .units
        .deliveries()
        .rev()
        .take(40)
        .filter(|found| found.ended.is_none())
        .map(|found| (found.id, found.opened.by.clone()))
        .collect();
    let place = world.number(0, 1_000_000);
    let place = usize::try_from(place).ok()?.checked_rem(all.len())?;
    all.get(place).cloned()
}

pub(super) fn end_delivery(world: &mut World) -> Option<Draft> {
    let (delivery, by) = delivery(world)?;
    let mut draft = world.draft(EndDelivery { delivery })?;
    if !world.one_in(10) {
        draft.actor = by;
    }
    Some(draft)
}

pub(super) fn receive(world: &mut World) -> Option<Draft> {
    let (code, component, tenths, days) = product(world)?;
    // Several components come of one donation.
    if world.serial == 0 || !world.one_in(4) {
        world.serial += 1;
    }
    let din = din(world.serial)?;
    let donor = match world.truth.donors.get(&din) {
        Some(donor) => *donor,
        None => world.any_group(),
    };
    let labelled = if world.one_in(100) {
        world.any_group()
    } else {
        donor
    };
    let mut group = LabelGroup::from(labelled);
    if component == Component::Cryo && world.one_in(2) {
        group.rhd = None;
    }
    let unread = world.one_in(60);
    let warm = world.one_in(60);
    let temperature = (!unread).then_some(Celsius {
        tenths: if warm { 300 } else { tenths },
    });
    let appearance = if world.one_in(60) {
        *world.one(&Appearance::ALL)?
    } else {
        Appearance::Normal
    };
    let good = if world.one_in(80) {
        *world.one(&Checked::ALL)?
    } else {
        Checked::Good
    };
    let mut antigens = AntigenProfile::default();
    if component.carries_red_cells() && world.one_in(2) {
        for antigen in [
            Antigen::BigC,
            Antigen::BigE,
            Antigen::LittleC,
            Antigen::BigK,
            Antigen::Jka,
        ] {
            let typing = if world.one_in(2) {
                Typing::Negative
            } else {
                Typing::Positive
            };
            antigens.set(antigen, typing);
        }
    }
    let locked_to = if world.one_in(40) {
        world.pick(|w| &w.patients, 20, |_, _| true)
    } else {
        None
    };
    let collected_days = world.number(0, 4);
    let mut lasts = days * 1440 - collected_days * 1440;
    if world.one_in(50) {
        lasts = world.number(-60, 600);
    }
    let keyed = world.one_in(10);
    let under = if world.one_in(3) {
        delivery(world)
    } else {
        None
    };
    let command = ReceiveUnit {
        unit: UnitId::new(din, code),
        group,
        collected: (!world.one_in(10)).then(|| world.minutes(-collected_days * 1440 - 30)),
        expires: world.minutes(lasts),
        entry: if keyed {
            EntryPath::Keyed
        } else {
            EntryPath::Scanned
        },
        amount: None,
        volume: None,
        location: place(world)?,
        locked_to,
        antigens,
        delivery: Some(format!("D-{}", world.serial / 20)),
        under: under.as_ref().map(|(delivery, _)| *delivery),
        checks: ReceiptChecks {
            temperature,
            appearance,
            seal: good,
            label: good,
        },
    };
    let mut draft = world.signed(command, Action::UnitCheck)?;
    if let Some((_, by)) = under.filter(|_| !world.one_in(10)) {
        draft.actor = by;
    }
    Some(draft.meaning(Intent::Donor(donor)))
}

/// A bag whose status is one of these, mostly.
fn bag(world: &mut World, window: usize, statuses: &[Status]) -> Option<UnitId> {
    if world.one_in(200) {
        let missing = din(999_000 + world.serial % 500)?;
        return Some(UnitId::new(missing, ProductCode::parse("E0336V00").ok()?));
    }
    world.pick(
        |w| &w.units,
        window,
        |hospital, id| {
            let unit = hospital.units.get(id);
            unit.is_some_and(|unit| statuses.contains(&unit.status))
        },
    )
}

pub(super) fn hold(world: &mut World) -> Option<Draft> {
    let unit = bag(
        world,
        200,
        &[Status::Available, Status::Reserved, Status::Crossmatched],
    )?;
    let reason = *world.one(&[
        "appearance",
        "temperature",
        "inquiry",
        "reaction",
        "other",
        "nonsense",
    ])?;
    world.draft(HoldUnit {
        unit,
        reason: reason.into(),
        note: String::new(),
    })
}

pub(super) fn lift(world: &mut World) -> Option<Draft> {
    let liftable = |hospital: &Hospital, id: &UnitId| {
        hospital.units.get(id).is_some_and(|unit| {
            unit.status == Status::Quarantined
                && unit.holds.iter().any(|hold| *hold != Hold::AwaitingRegroup)
        })
    };
    let unit = world.pick(|w| &w.units, 400, liftable)?;
    let holds: Vec<Hold> = world
        .hospital
        .units
        .get(&unit)
        .map(|unit| unit.holds.iter().cloned().collect())
        .unwrap_or_default();
    let hold = world
        .of_first(8, holds)
        .unwrap_or(Hold::Other("other".into()));
    let command = LiftHold {
        unit,
        hold,
        note: "已查清，可用".into(),
    };
    world.signed(command, Action::UnitRelease)
}

pub(super) fn relocate(world: &mut World) -> Option<Draft> {
    let many = world.number(1, 4);
    let shelf = [
        Status::Available,
        Status::Quarantined,
        Status::Reserved,
        Status::Crossmatched,
    ];
    let units = (0..many).filter_map(|_| bag(world, 200, &shelf)).collect();
    let to = place(world)?;
    world.draft(MoveUnits { units, to })
}

pub(super) fn modify(world: &mut World) -> Option<Draft> {
    // What is frozen is thawed once it is held for somebody, mostly.
    let frozen = super::care::held(world, |unit| unit.attributes.has(Attribute::Frozen));
    let thawed = frozen.filter(|_| world.one_in(2)).map(|(unit, _)| unit);
    let unit = match thawed {
        Some(thawed) => thawed,
        None => bag(
            world,
            200,
            &[Status::Available, Status::Reserved, Status::Crossmatched],
        )?,
    };
    let known = world.hospital.units.get(&unit).cloned();
    let (component, frozen, volume, abo) = match &known {
        Some(unit) => (
            unit.component,
            unit.attributes.has(Attribute::Frozen),
            unit.volume.0,
            unit.group.abo,
        ),
        None => (Component::RedCells, false, 200, Abo::O),
    };
    let kind = if world.one_in(25) {
        *world.one(&Modification::ALL)?
    } else if frozen && !(component == Component::Cryo && world.one_in(3)) {
        Modification::Thaw
    } else {
        use Modification::*;
        *match component {
            Component::RedCells => world.one(&[Irradiate, Irradiate, Wash, Split, Leukoreduce]),
            Component::WholeBlood | Component::Granulocytes => world.one(&[Irradiate]),
            Component::Plasma => world.one(&[Split]),
            Component::Platelets => {
                world.one(&[Irradiate, Wash, Split, Pool, VolumeReduce, Leukoreduce])
            }
            Component::Cryo => world.one(&[Pool]),
        }?
    };
    let mut units = vec![unit];
    let mut into = None;
    let mut parts = Vec::new();
    match kind {
        Modification::Pool => {
            let more: Vec<UnitId> = world
                .hospital
                .units
                .on_shelf(component, abo)
                .filter(|other| other.status == Status::Available && other.id != unit)
                .take(3)
                .map(|other| other.id)
                .collect();
            units.extend(more);
            world.serial += 1;
            let code = match component {
                Component::Cryo => "P0221V00",
                _ => "P0210V00",
            };
            into = Some(UnitId::new(
                din(world.serial)?,
                ProductCode::parse(code).ok()?,
            ));
        }
        Modification::Split => {
            let half = volume / 2;
            let extra = u32::from(world.one_in(20)) * volume;
            parts = vec![Millilitres(half + extra), Millilitres(volume - half)];
        }
        _ => {}
    }
    let command = ModifyUnit {
        kind,
        units,
        into,
        parts,
        volume: None,
    };
    world.signed(command, Action::UnitCheck)
}

pub(super) fn discard(world: &mut World) -> Option<Draft> {
    let now = world.at;
    let unit = if world.one_in(2) {
        let spent = |hospital: &Hospital, id: &UnitId| {
            let unit = hospital.units.get(id);
            unit.is_some_and(|unit| unit.status.on_shelf() && unit.expires <= now)
        };
        world.pick(|w| &w.units, 600, spent)?
    } else {
        let any = [
            Status::Quarantined,
            Status::Recalled,
            Status::Returned,
            Status::Available,
        ];
        bag(world, 300, &any)?
    };
    let reason = *world.one(&[
        "expired",
        "damaged",
        "other",
        "temperature",
        "no-such-reason",
    ])?;
    let command = DiscardUnit {
        unit,
        reason: reason.into(),
        note: String::new(),
    };
    world.signed(command, Action::UnitDiscardCheck)
}

pub(super) fn send_back(world: &mut World) -> Option<Draft> {
    let unit = bag(
        world,
        300,
        &[Status::Recalled, Status::Quarantined, Status::Available],
    )?;
    let reason = *world.one(&["recall", "quality", "wrong_unit", "no-such-reason"])?;
    let command = ReturnUnitToStation {
        unit,
        reason: reason.into(),
        note: String::new(),
    };
    world.signed(command, Action::UnitDiscardCheck)
}

pub(super) fn recall(world: &mut World) -> Option<Draft> {
    let any = Status::ALL;
    let din = bag(world, 200, &any)?.din;
    world.draft(RecallDonation {
        din,
        reason: "血站通知".into(),
        reference: "N-1".into(),
    })
}

pub(super) fn lose(world: &mut World) -> Option<Draft> {
    let any = [
        Status::Available,
        Status::Reserved,
        Status::Crossmatched,
        Status::Issued,
        Status::OnWard,
    ];
    let unit = bag(world, 200, &any)?;
    world.draft(LoseUnit {
        unit,
        note: "找不到".into(),
    })
}

pub(super) fn find(world: &mut World) -> Option<Draft> {
    let unit = bag(world, 400, &[Status::Missing])?;
    let location = place(world)?;
    world.draft(FindUnit {
        unit,
        location,
        note: "找到了".into(),
    })
}

pub(super) fn type_antigens(world: &mut World) -> Option<Draft> {
    let unit = world.pick(
        |w| &w.units,
        120,
        |hospital, id| {
            hospital
                .units
                .get(id)
                .is_some_and(|unit| unit.status.on_shelf())
        },
    )?;
    let mut antigens = AntigenProfile::default();
    for antigen in [Antigen::BigE, Antigen::LittleE, Antigen::Jka, Antigen::Mur] {
        if world.one_in(2) {
            let typing = *world.one(&[Typing::Positive, Typing::Positive, Typing::Negative])?;
            antigens.set(antigen, typing);
        }
    }
    let platelet = world.one_in(4).then(|| {
        let names = ["A2", "A24", "B46", "B60", "HPA-1a"];
        Box::new(
            names
                .into_iter()
                .filter_map(|name| PlateletAntigen::parse(name).ok())
                .collect(),
        )
    });
    world.signed(
        TypeUnitAntigens {
            unit,
            antigens,
            platelet,
            report: "抗体鉴定室".into(),
        },
        Action::UnitCheck,
    )
}
