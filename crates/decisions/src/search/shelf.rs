use jiff::Timestamp;
use lifeline_core::blood::{Abo, Antigen, BloodGroup, Component, LabelGroup, RhD, Typing, UnitId};
use lifeline_core::hospital::Hospital;
use lifeline_core::unit::Status;

use super::Shares;

/// What is looked for on the shelf.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// Component family.
    pub component: Component,
    /// Antigens that must be absent.
    pub negative: Vec<Antigen>,
    /// Whom the bags are for; every group where nobody in particular.
    pub recipient: Option<BloodGroup>,
}

/// A bag that is not typed for everything, and that nothing known speaks against.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// Which.
    pub unit: UnitId,
    /// What it still has to be typed for.
    pub untyped: Vec<Antigen>,
    /// How probably it lacks them all; at least so, where how they are inherited together is not on file. `None` without a number.
    pub chance: Option<f64>,
}

/// What the shelf has.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelf {
    /// Typed negative for everything, the soonest to expire first.
    pub certain: Vec<UnitId>,
    /// Not typed for everything, the likeliest first.
    pub open: Vec<Open>,
    /// Bags looked at.
    pub looked: usize,
}

/// Whether red cells of a label's group may go to a person, by this channel's own rule: no A, B or D that the person lacks; an
/// RhD that is not plainly stated suits the RhD positive only.
fn suits(bag: LabelGroup, person: BloodGroup) -> bool {
    let has = |abo: Abo, with: [Abo; 2]| with.contains(&abo);
    let (a, b) = ([Abo::A, Abo::Ab], [Abo::B, Abo::Ab]);
    let abo = (!has(bag.abo, a) || has(person.abo, a)) && (!has(bag.abo, b) || has(person.abo, b));
    abo && (bag.rhd == Some(RhD::Negative) || person.rhd == RhD::Positive)
}

/// Looks through the bags that may be given now.
pub fn shelf(hospital: &Hospital, wanted: &Wanted, shares: &Shares, at: Timestamp) -> Shelf {
    let mut found = Shelf::default();
    let (mut certain, mut open) = (Vec::new(), Vec::new());
    for unit in hospital.units.shelf() {
        let free = unit.component == wanted.component
            && unit.status == Status::Available
            && unit.holds.is_empty()
            && unit.locked_to.is_none()
            && unit.expires > at
            && wanted
                .recipient
                .is_none_or(|person| suits(unit.group, person));
        if !free {
            continue;
        }
        found.looked += 1;
        let typed = |typing: Typing| {
            let asked = wanted.negative.iter().copied();
            asked.filter(move |antigen| unit.antigens.typing(*antigen) == typing)
        };
        if typed(Typing::Positive).next().is_some() {
            continue;
        }
        let untyped: Vec<Antigen> = typed(Typing::NotTested).collect();
        if untyped.is_empty() {
            certain.push((unit.expires, unit.id));
            continue;
        }
        let parts = shares.chances(&unit.antigens, &wanted.negative);
        let chance = parts
            .ok()
            .map(|parts| parts.iter().map(|part| part.share).product::<f64>());
        if chance != Some(0.0) {
            open.push(Open {
                unit: unit.id,
                untyped,
                chance,
            });
        }
    }
    certain.sort_unstable();
    found.certain = certain.into_iter().map(|(_, unit)| unit).collect();
    open.sort_by(|a, b| {
        let of = |one: &Open| one.chance.unwrap_or(-1.0);
        of(b).total_cmp(&of(a)).then(a.unit.cmp(&b.unit))
    });
    found.open = open;
    found
}
