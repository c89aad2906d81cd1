use serde::{Deserialize, Serialize};

use super::Category;
use crate::blood::{Abo, Grade, RhD};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::policy::Key;
use crate::testing::{Reading, Well};

/// The reaction strengths the department accepts without work-up (policies `group.forward_least`, `group.anti_d_least`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strengths {
    /// The weakest reaction with anti-A, anti-B or anti-A,B that is taken as positive, 1 to 4.
    pub forward: u8,
    /// The weakest reaction with anti-D that is taken as positive, 1 to 4.
    pub anti_d: u8,
}

impl Strengths {
    /// What is in force at a moment.
    pub fn in_force(hospital: &Hospital, at: jiff::Timestamp) -> Result<Self, Finding> {
        let read = |key| {
            hospital
                .policies
                .count(key, at)
                .map(|count| u8::try_from(count).unwrap_or(u8::MAX))
        };
        Ok(Self {
            forward: read(Key::ForwardLeast)?,
            anti_d: read(Key::AntiDLeast)?,
        })
    }
}

/// How far a test looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Cells and plasma: forward and reverse.
    CellsAndPlasma,
    /// Cells only.
    Cells,
}

/// What the wells say by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Serology {
    /// ABO; `None` when the wells do not give one.
    pub abo: Option<Abo>,
    /// RhD; `None` when not reached.
    pub rhd: Option<RhD>,
    /// The type the cells alone show, where they show one clearly.
    pub(super) forward: Option<Abo>,
    /// What is wrong; `None` where a well that is needed was not read.
    pub category: Option<Category>,
}

/// A well as a table reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Positive,
    Negative,
    /// Agglutinated, but not as strongly as a clear type does.
    Weak,
    /// Two populations.
    Mixed,
    /// Haemolysed cells.
    Spoiled,
    /// No such well was read.
    Absent,
}

struct Wells<'a>(&'a [Reading]);

impl Wells<'_> {
    fn grade(&self, well: Well) -> Option<Grade> {
        self.0
            .iter()
            .find(|reading| reading.well == well)
            .map(|reading| reading.grade)
    }

    /// How strongly a well agglutinated; 0 for everything that has no one strength.
    fn strength(&self, well: Well) -> u8 {
        match self.grade(well) {
            Some(Grade::One) => 1,
            Some(Grade::Two) => 2,
            Some(Grade::Three) => 3,
            // Haemolysis is complement taken to the end: as strong as it gets.
            Some(Grade::Four | Grade::Haemolysis) => 4,
            _ => 0,
        }
    }

    /// Cells with a reagent: strength matters, two populations and haemolysis are never a clear type.
    fn cells(&self, well: Well, least: u8) -> Read {
        match self.grade(well) {
            None => Read::Absent,
            Some(Grade::Negative) => Read::Negative,
            Some(Grade::MixedField) => Read::Mixed,
            Some(Grade::Haemolysis) => Read::Spoiled,
            Some(_) => match self.strength(well) {
                strength if strength > 0 && strength >= least => Read::Positive,
                _ => Read::Weak,
            },
        }
    }

    /// Plasma with reagent cells: an antibody may be weak, and haemolysis is a reaction; a mixed field is not explained.
    fn plasma(&self, well: Well) -> Read {
        match self.grade(well) {
            None => Read::Absent,
            Some(Grade::Negative) => Read::Negative,
            Some(Grade::MixedField) => Read::Mixed,
            Some(_) => Read::Positive,
        }
    }

    /// Whether a well was read and reacted in any way.
    fn reacts(&self, well: Well) -> bool {
        self.grade(well)
            .is_some_and(|grade| grade != Grade::Negative)
    }
}

/// What the wells say. Total: every combination of wells has an answer.
pub fn read(reach: Reach, readings: &[Reading], strengths: Strengths) -> Serology {
    let wells = Wells(readings);
    let nothing = |category| Serology {
        abo: None,
        rhd: None,
        forward: None,
        category: Some(category),
    };
    if wells.reacts(Well::Control) {
        return nothing(Category::SpontaneousAgglutination);
    }
    if wells.reacts(Well::Autocontrol) {
        return nothing(Category::ExtraReverse);
    }
    let (forward, abo) = abo(reach, &wells, strengths.forward);
    let (rhd, rhd_class) = rhd(&wells, strengths.anti_d);
    let (abo, category) = match abo {
        Ok(abo) => (Some(abo), rhd_class),
        Err(category) => (None, category),
    };
    Serology {
        abo,
        rhd,
        forward,
        category,
    }
}

/// The type the cells show, and the type or what is wrong (`None`: a well is missing).
fn abo(reach: Reach, wells: &Wells<'_>, least: u8) -> (Option<Abo>, Result<Abo, Option<Category>>) {
    let cells = [Well::AntiA, Well::AntiB, Well::AntiAB].map(|well| wells.cells(well, least));
    let [a, b, ab] = cells;
    if a == Read::Absent || b == Read::Absent {
        return (None, Err(None));
    }
    if cells.contains(&Read::Mixed) {
        return (None, Err(Some(Category::MixedField)));
    }
    if cells.contains(&Read::Spoiled) {
        return (None, Err(Some(Category::WeakForward)));
    }
    let plasma = match reach {
        Reach::Cells => None,
        Reach::CellsAndPlasma => match plasma(wells, [a, b]) {
            Ok(plasma) => Some(plasma),
            Err(category) => return (clear(a, b), Err(category)),
        },
    };
    let Some(forward) = clear(a, b) else {
        // A weak reaction is a weak antigen, unless the plasma holds the antibody against it.
        let extra = plasma.is_some_and(|plasma| {
            a == Read::Weak && plasma.anti_a || b == Read::Weak && plasma.anti_b
        });
        let category = if extra {
            Category::ExtraForward
        } else {
            Category::WeakForward
        };
        return (None, Err(Some(category)));
    };
    (Some(forward), confirm(wells, forward, ab, plasma))
}

/// The type of two clear reactions.
fn clear(a: Read, b: Read) -> Option<Abo> {
    match (a, b) {
        (Read::Negative, Read::Negative) => Some(Abo::O),
        (Read::Positive, Read::Negative) => Some(Abo::A),
        (Read::Negative, Read::Positive) => Some(Abo::B),
        (Read::Positive, Read::Positive) => Some(Abo::Ab),
        _ => None,
    }
}

/// The antibodies the plasma showed.
#[derive(Debug, Clone, Copy)]
struct Plasma {
    anti_a: bool,
    anti_b: bool,
}

fn plasma(wells: &Wells<'_>, cells: [Read; 2]) -> Result<Plasma, Option<Category>> {
    let reads = [Well::A1Cells, Well::BCells].map(|well| wells.plasma(well));
    let [a1, b] = reads;
    if reads.contains(&Read::Absent) {
        return Err(None);
    }
    if reads.contains(&Read::Mixed)
        || [Well::A2Cells, Well::OCells]
            .map(|well| wells.plasma(well))
            .contains(&Read::Mixed)
    {
        return Err(Some(Category::ExtraReverse));
    }
    if wells.reacts(Well::OCells) {
        // An antibody against H reacts with every cell but the person's own; nothing weaker than a clear reaction is taken for it.
        let like_o = cells == [Read::Negative; 2] && reads == [Read::Positive; 2];
        return Err(Some(if like_o && wells.strength(Well::OCells) >= 2 {
            Category::Rare
        } else {
            Category::ExtraReverse
        }));
    }
    Ok(Plasma {
        anti_a: a1 == Read::Positive,
        anti_b: b == Read::Positive,
    })
}

/// Whether everything else agrees with what the cells show clearly.
fn confirm(
    wells: &Wells<'_>,
    forward: Abo,
    ab: Read,
    plasma: Option<Plasma>,
) -> Result<Abo, Option<Category>> {
    // Cells that clump by themselves look like AB: without a negative well beside them AB is not shown.
    if forward == Abo::Ab && wells.grade(Well::Control).is_none() {
        return Err(None);
    }
    let ab_agrees = match ab {
        Read::Absent => true,
        Read::Positive => forward != Abo::O,
        Read::Negative => forward == Abo::O,
        _ => false,
    };
    if let Some(plasma) = plasma {
        differs(wells, forward, plasma).map_or(Ok(()), |category| Err(Some(category)))?;
    }
    if !ab_agrees {
        return Err(Some(Category::WeakForward));
    }
    if plasma.is_some() {
        match wells.plasma(Well::A2Cells) {
            Read::Positive if forward.has_a() => return Err(Some(Category::ExtraReverse)),
            Read::Negative if !forward.has_a() => return Err(Some(Category::MissingReverse)),
            _ => {}
        }
    }
    Ok(forward)
}

/// How the plasma differs from the type the cells show clearly.
fn differs(wells: &Wells<'_>, forward: Abo, plasma: Plasma) -> Option<Category> {
    let sides = [
        (forward.has_a(), plasma.anti_a, Well::AntiA, Well::A1Cells),
        (forward.has_b(), plasma.anti_b, Well::AntiB, Well::BCells),
    ];
    let extra = sides.iter().filter(|(has, anti, ..)| *has && *anti);
    let missing = sides
        .iter()
        .filter(|(has, anti, ..)| !*has && !*anti)
        .count();
    let most = sides
        .map(|(_, _, reagent, _)| wells.strength(reagent))
        .into_iter()
        .max();
    let mut found = None;
    for (_, _, reagent, cells) in extra {
        // The antigen that is contradicted reacts more weakly than the other one, and the antibody as strongly as it: the reaction of
        // the cells is the odd one (acquired B, B(A)). Otherwise the antibody is (anti-A1 in A2).
        let odd_cells = Some(wells.strength(*reagent)) < most
            && wells.strength(*cells) >= wells.strength(*reagent);
        found = Some(match found {
            Some(Category::ExtraForward) => Category::ExtraForward,
            _ if odd_cells => Category::ExtraForward,
            _ => Category::ExtraReverse,
        });
    }
    match (found, missing, forward) {
        (None, 0, _) => None,
        (Some(category), 0, _) => Some(category),
        // Cells of one type and plasma of another, each whole: two persons' blood, or a subgroup too weak to be seen.
        (Some(_), _, _) | (None, 1, Abo::O) => Some(Category::WrongBloodOrSubgroup),
        (None, _, _) => Some(Category::MissingReverse),
    }
}

/// RhD as far as it was reached, and what is wrong with it.
fn rhd(wells: &Wells<'_>, least: u8) -> (Option<RhD>, Option<Category>) {
    let weak_test = match wells.cells(Well::WeakD, 0) {
        Read::Weak => Read::Positive,
        read => read,
    };
    let first = wells.cells(Well::AntiD, least);
    let second = match wells.cells(Well::AntiD2, least) {
        Read::Absent => first,
        read => read,
    };
    let reads = [first, second, weak_test];
    if reads.contains(&Read::Mixed) {
        return (None, Some(Category::MixedField));
    }
    if reads.contains(&Read::Spoiled) {
        return (None, Some(Category::WeakD));
    }
    match (first, second, weak_test) {
        // ABO alone was asked for.
        (Read::Absent, ..) => (None, Some(Category::Agreed)),
        (Read::Positive, Read::Positive, Read::Absent | Read::Positive) => {
            (Some(RhD::Positive), Some(Category::Agreed))
        }
        (Read::Negative, Read::Negative, Read::Absent | Read::Negative) => {
            (Some(RhD::Negative), Some(Category::Agreed))
        }
        (_, _, Read::Positive) => (Some(RhD::Weak), Some(Category::WeakD)),
        // Both reagents see D, one of them weakly: D is there.
        (Read::Weak | Read::Positive, Read::Weak | Read::Positive, Read::Absent) => {
            (Some(RhD::Weak), Some(Category::WeakD))
        }
        // One reagent sees no D where another does, or the weak-D test contradicts: a partial D, or a mistake.
        _ => (None, Some(Category::WeakD)),
    }
}
