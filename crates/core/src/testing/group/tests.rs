//! Eighteen textbook cases, and the traps beside them.

use super::*;
use crate::blood::{Abo, BloodGroup, Grade, RhD};
use crate::testing::{Reading, Well};

const STRENGTHS: Strengths = Strengths {
    forward: 3,
    anti_d: 2,
};

/// Anti-A, anti-B, anti-D, control, A1 cells, B cells, O cells, autocontrol; `.` is not read, `m` a mixed field.
fn vector(text: &str) -> Vec<Reading> {
    let wells = [
        Well::AntiA,
        Well::AntiB,
        Well::AntiD,
        Well::Control,
        Well::A1Cells,
        Well::BCells,
        Well::OCells,
        Well::Autocontrol,
    ];
    wells
        .into_iter()
        .zip(text.split_whitespace())
        .filter(|(_, grade)| *grade != ".")
        .map(|(well, grade)| Reading {
            well,
            grade: Grade::parse(if grade == "m" { "mf" } else { grade }).unwrap(),
        })
        .collect()
}

fn resolved(text: &str, known: &Circumstances) -> Resolution {
    resolve(Reach::CellsAndPlasma, &vector(text), STRENGTHS, known)
}

fn known() -> Circumstances {
    Circumstances::default()
}

fn group(text: &str) -> Option<BloodGroup> {
    let (abo, sign) = text.split_at(text.len() - 1);
    let rhd = if sign == "+" {
        RhD::Positive
    } else {
        RhD::Negative
    };
    Abo::parse(abo).map(|abo| BloodGroup::new(abo, rhd))
}

#[test]
fn eighteen_textbook_cases() {
    let newborn = || Circumstances {
        newborn: true,
        ..known()
    };
    let history = || Circumstances {
        history: group("A+"),
        ..known()
    };
    let transfused = || Circumstances {
        transfused: group("O+"),
        ..known()
    };
    let transplanted = || Circumstances {
        transplanted: true,
        ..known()
    };
    let donor = || Circumstances {
        typed: Typed::Donor,
        ..known()
    };
    use Category::{
        Agreed, DelScreen, ExtraForward, ExtraReverse, HistoryConflict, MissingReverse, MixedField,
        Newborn, Rare, SpontaneousAgglutination, WeakD, WeakForward, WrongBloodOrSubgroup,
    };
    #[allow(clippy::type_complexity, reason = "a table")]
    let cases: [(
        &str,
        &str,
        Circumstances,
        Option<Abo>,
        bool,
        Category,
        Option<Step>,
    ); 18] = [
        (
            "A positive",
            "4 0 4 0 0 4 0 0",
            known(),
            Some(Abo::A),
            true,
            Agreed,
            None,
        ),
        (
            "AB positive",
            "4 4 4 0 0 0 0 0",
            known(),
            Some(Abo::Ab),
            true,
            Agreed,
            None,
        ),
        (
            "O negative",
            "0 0 0 0 4 4 0 0",
            known(),
            Some(Abo::O),
            true,
            Agreed,
            Some(Step::RhceTyping),
        ),
        (
            "cold agglutinin on the cells",
            "4 4 4 2 4 4 4 4",
            known(),
            None,
            false,
            SpontaneousAgglutination,
            Some(Step::WarmWash),
        ),
        (
            "A2 with anti-A1",
            "4 0 4 0 2 4 0 0",
            known(),
            None,
            false,
            ExtraReverse,
            Some(Step::A1Lectin),
        ),
        (
            "cold autoantibody in the plasma",
            "4 0 4 0 2 4 2 2",
            known(),
            None,
            false,
            ExtraReverse,
            Some(Step::Prewarm),
        ),
        (
            "alloantibody against reagent cells",
            "0 4 4 0 4 2 2 0",
            known(),
            None,
            false,
            ExtraReverse,
            Some(Step::Screen),
        ),
        (
            "aged patient without antibodies",
            "0 0 4 0 0 0 0 0",
            Circumstances {
                age_days: Some(30_000),
                ..known()
            },
            None,
            false,
            MissingReverse,
            Some(Step::ColdReverse),
        ),
        (
            "A without anti-B",
            "4 0 4 0 0 0 0 0",
            known(),
            None,
            false,
            MissingReverse,
            Some(Step::Diagnosis),
        ),
        (
            "newborn A",
            "4 0 4 0 0 0 0 0",
            newborn(),
            Some(Abo::A),
            true,
            Newborn,
            Some(Step::Mother),
        ),
        (
            "A after O red cells",
            "m 0 4 0 0 4 0 0",
            transfused(),
            None,
            false,
            MixedField,
            Some(Step::EarlierSample),
        ),
        (
            "A given an O transplant",
            "m 0 4 0 0 4 0 0",
            transplanted(),
            None,
            false,
            MixedField,
            Some(Step::TransplantProtocol),
        ),
        (
            "acquired B",
            "4 2 4 0 0 4 0 0",
            known(),
            None,
            false,
            ExtraForward,
            Some(Step::AcidAntiB),
        ),
        (
            "Bombay",
            "0 0 4 0 4 4 4 0",
            known(),
            None,
            false,
            Rare,
            Some(Step::HLectin),
        ),
        (
            "weak A",
            "1 0 4 0 0 4 0 0",
            known(),
            None,
            false,
            WeakForward,
            Some(Step::AdsorptionElution),
        ),
        (
            "weak D",
            "4 0 1 0 0 4 0 0",
            known(),
            Some(Abo::A),
            true,
            WeakD,
            Some(Step::RhdGenotype),
        ),
        (
            "cells O, plasma A",
            "0 0 4 0 0 4 0 0",
            known(),
            None,
            false,
            WrongBloodOrSubgroup,
            Some(Step::NewSample),
        ),
        (
            "B where A is on file",
            "0 4 4 0 4 0 0 0",
            history(),
            None,
            false,
            HistoryConflict,
            Some(Step::CheckIdentity),
        ),
    ];
    for (name, wells, known, abo, reportable, category, step) in cases {
        let found = resolved(wells, &known);
        assert_eq!(found.category, Some(category), "{name}");
        assert_eq!((found.abo, found.reportable), (abo, reportable), "{name}");
        assert!(
            step.is_none_or(|step| found.next.contains(&step)),
            "{name} {:?}",
            found.next
        );
    }
    let negative = resolved("0 0 0 0 4 4 0 0", &donor());
    assert_eq!(negative.category, Some(DelScreen));
    assert_eq!(
        (negative.abo, negative.rhd, negative.reportable),
        (Some(Abo::O), None, false)
    );
    assert_eq!(negative.next.first(), Some(&Step::WeakDTest));
}

#[test]
fn traps_beside_the_cases() {
    use Category::{
        ExtraForward, ExtraReverse, HistoryConflict, MissingReverse, WrongBloodOrSubgroup,
    };
    for (name, wells, category) in [
        (
            "A2B with anti-A1 is the antibody, not the cells",
            "3 4 4 0 2 0 0 0",
            ExtraReverse,
        ),
        (
            "B(A) is the cells, not the antibody",
            "2 4 4 0 4 0 0 0",
            ExtraForward,
        ),
        (
            "AB without reverse agreement on one strong side",
            "4 4 4 0 0 1 0 0",
            ExtraReverse,
        ),
        ("cells A, plasma B", "4 0 4 0 4 0 0 0", WrongBloodOrSubgroup),
        ("cells B, plasma A", "0 4 4 0 0 4 0 0", WrongBloodOrSubgroup),
        (
            "weak O cells in a group O are no Bombay",
            "0 0 4 0 4 4 1 0",
            ExtraReverse,
        ),
        ("B without anti-A", "0 4 4 0 0 0 0 0", MissingReverse),
    ] {
        let found = resolved(wells, &known());
        assert_eq!(
            (found.category, found.abo),
            (Some(category), None),
            "{name}"
        );
    }
    // RhD alone against the file is a conflict too, and no RhD is told.
    let file = Circumstances {
        history: group("A-"),
        ..known()
    };
    let found = resolved("4 0 4 0 0 4 0 0", &file);
    assert_eq!((found.category, found.rhd), (Some(HistoryConflict), None));
    assert_eq!(
        found.interim.map(|interim| interim.rhd),
        Some(RhD::Negative)
    );
    // A mother's antibody in a newborn's plasma does not touch the type of the cells.
    let newborn = Circumstances {
        newborn: true,
        ..known()
    };
    assert_eq!(resolved("4 0 4 0 4 4 0 0", &newborn).abo, Some(Abo::A));
    assert_eq!(resolved("1 0 4 0 0 0 0 0", &newborn).abo, None);
}

#[test]
fn a_missing_well_is_no_discrepancy_and_no_type() {
    for wells in [
        ". 0 4 0 0 4 0 0",
        "4 . 4 0 0 4 0 0",
        "4 0 4 0 . 4 0 0",
        "4 0 4 0 0 . 0 0",
        "4 4 4 . 0 0 0 0",
    ] {
        let found = resolved(wells, &known());
        assert_eq!(
            (found.abo, found.category, found.reportable),
            (None, None, false),
            "{wells}"
        );
        assert_eq!(found.next, [Step::CompleteWells]);
        assert!(found.interim.is_some());
    }
}
