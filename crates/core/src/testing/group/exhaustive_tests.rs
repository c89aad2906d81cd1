//! Every vector of nine wells over {none, weak, strong, mixed field}: 262 144 rows, against statements that share nothing with the
//! implementation.

use super::*;
use crate::blood::{Abo, Grade, RhD};
use crate::testing::{Interpretation, Reading, TestKind, Well, interpret};

const WELLS: [Well; 9] = [
    Well::AntiA,
    Well::AntiB,
    Well::AntiAB,
    Well::AntiD,
    Well::Control,
    Well::A1Cells,
    Well::BCells,
    Well::OCells,
    Well::Autocontrol,
];

const GRADES: [Grade; 4] = [Grade::Negative, Grade::Weak, Grade::Four, Grade::MixedField];

const STRENGTHS: Strengths = Strengths {
    forward: 3,
    anti_d: 2,
};

/// Anti-A, anti-B, anti-A,B, A1 cells, B cells of the textbook: `+` strong, `-` none, `r` any one-population reaction.
const TEXTBOOK: [(&str, Abo); 4] = [
    ("---rr", Abo::O),
    ("+-+-r", Abo::A),
    ("-++r-", Abo::B),
    ("+++--", Abo::Ab),
];

fn fits(sign: char, grade: Grade) -> bool {
    match sign {
        '-' => grade == Grade::Negative,
        '+' => grade == Grade::Four,
        _ => matches!(grade, Grade::Weak | Grade::Four),
    }
}

fn every_row(mut check: impl FnMut([Grade; 9], &[Reading])) {
    for code in 0..4_usize.pow(9) {
        let grades: [Grade; 9] = std::array::from_fn(|n| GRADES[code / 4_usize.pow(n as u32) % 4]);
        let readings: Vec<Reading> = WELLS
            .into_iter()
            .zip(grades)
            .map(|(well, grade)| Reading { well, grade })
            .collect();
        check(grades, &readings);
    }
}

#[test]
fn every_row_has_the_textbooks_type_or_none_and_then_the_interim_rule() {
    let nobody = Circumstances::default();
    let (mut rows, mut types, mut reported) = (0, 0, 0);
    every_row(|grades, readings| {
        let [a, b, ab, d, control, a1, bc, o, auto] = grades;
        let found = resolve(Reach::CellsAndPlasma, readings, STRENGTHS, &nobody);
        rows += 1;

        let quiet = [control, auto].iter().all(|g| *g == Grade::Negative);
        let fitting: Vec<Abo> = TEXTBOOK
            .iter()
            .filter(|(signs, _)| {
                signs
                    .chars()
                    .zip([a, b, ab, a1, bc])
                    .all(|(sign, grade)| fits(sign, grade))
            })
            .map(|(_, abo)| *abo)
            .collect();
        assert!(fitting.len() <= 1, "two types fit {grades:?}");
        let expected = fitting
            .first()
            .copied()
            .filter(|_| quiet && o == Grade::Negative);
        assert_eq!(found.abo, expected, "{grades:?}");

        let rhd = match d {
            _ if !quiet => None,
            Grade::Negative => Some(RhD::Negative),
            Grade::Weak => Some(RhD::Weak),
            Grade::MixedField => None,
            _ => Some(RhD::Positive),
        };
        assert_eq!(found.rhd, rhd, "{grades:?}");
        if control != Grade::Negative {
            assert_eq!((found.abo, found.rhd), (None, None), "{grades:?}");
            assert_eq!(found.category, Some(Category::SpontaneousAgglutination));
        }

        assert_eq!(found.reportable, found.abo.is_some() && found.rhd.is_some());
        match found.interim {
            None => assert!(found.reportable, "{grades:?}"),
            Some(interim) => {
                assert!(!found.reportable, "{grades:?}");
                assert_eq!((interim.red_cells, interim.plasma), (Abo::O, Abo::Ab));
                assert_eq!(interim.rhd, RhD::Negative);
                assert_eq!(found.next.first(), Some(&Step::CheckIdentity), "{grades:?}");
            }
        }
        // Whatever is wrong is named, and what is named is wrong.
        let quiet_category = matches!(found.category, Some(Category::Agreed | Category::WeakD));
        assert_eq!(
            found.reportable, quiet_category,
            "{grades:?} {:?}",
            found.category
        );

        let Interpretation::Group { abo, rhd } = interpret(TestKind::Group, readings, STRENGTHS)
        else {
            panic!("no group")
        };
        assert_eq!((abo, rhd), (found.abo, found.rhd), "one truth: {grades:?}");
        types += usize::from(found.abo.is_some());
        reported += usize::from(found.reportable);
    });
    assert_eq!(rows, 262_144);
    // O 2·2, A 2, B 2, AB 1, each with four reactions of anti-D, of which three give an RhD.
    assert_eq!((types, reported), (9 * 4, 9 * 3));
}

/// What is known of a person can take a type away, and can never give another one; a newborn's cells speak alone.
#[test]
fn circumstances_never_change_a_type() {
    let alone = Circumstances::default();
    let history = |abo| Circumstances {
        history: Some(crate::blood::BloodGroup::new(abo, RhD::Positive)),
        ..Circumstances::default()
    };
    let others = [
        history(Abo::A),
        history(Abo::O),
        Circumstances {
            typed: Typed::Donor,
            ..Circumstances::default()
        },
        Circumstances {
            newborn: true,
            ..Circumstances::default()
        },
        Circumstances {
            transfused: Some(crate::blood::BloodGroup::new(Abo::O, RhD::Positive)),
            transplanted: true,
            disease: true,
            ..Circumstances::default()
        },
    ];
    every_row(|grades, readings| {
        let base = resolve(Reach::CellsAndPlasma, readings, STRENGTHS, &alone);
        for known in &others {
            let found = resolve(Reach::CellsAndPlasma, readings, STRENGTHS, known);
            if let (Some(abo), Some(other)) = (base.abo, found.abo) {
                assert_eq!(abo, other, "{grades:?} {known:?}");
            }
            if base.abo.is_none() && !known.newborn {
                assert_eq!(found.abo, None, "{grades:?} {known:?}");
            }
            if let (Some(file), Some(abo)) = (known.history, found.abo) {
                assert_eq!(file.abo, abo, "{grades:?}");
            }
            if known.typed == Typed::Donor {
                assert_ne!(found.rhd, Some(RhD::Negative), "{grades:?}");
            }
            if known.newborn && found.abo.is_some() {
                let [a, b, ab, _, control, ..] = grades;
                let cells = TEXTBOOK
                    .iter()
                    .find(|(signs, _)| signs.chars().zip([a, b, ab]).all(|(s, g)| fits(s, g)));
                assert_eq!(found.abo, cells.map(|(_, abo)| *abo), "{grades:?}");
                assert_eq!(control, Grade::Negative);
            }
            assert_eq!(found.interim.is_none(), found.reportable);
        }
    });
}
