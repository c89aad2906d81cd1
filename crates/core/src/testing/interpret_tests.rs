//! The tables of the textbook, written out by hand, against every combination of wells.

use super::*;
use crate::blood::{Abo, RhD};
use Grade::*;

const STRENGTHS: Strengths = Strengths {
    forward: 2,
    anti_d: 2,
};

/// Anti-A, anti-B, A1 cells, B cells: `+` clear reaction, `-` none.
const TEXTBOOK: [(&str, Abo); 4] = [
    ("--++", Abo::O),
    ("+--+", Abo::A),
    ("-++-", Abo::B),
    ("++--", Abo::Ab),
];

fn readings(wells: &[(Well, Grade)]) -> Vec<Reading> {
    wells
        .iter()
        .map(|(well, grade)| Reading {
            well: *well,
            grade: *grade,
        })
        .collect()
}

fn group(kind: TestKind, wells: &[(Well, Grade)]) -> (Option<Abo>, Option<RhD>) {
    match interpret(kind, &readings(wells), STRENGTHS) {
        Interpretation::Group { abo, rhd } => (abo, rhd),
        other => panic!("{other:?} for a group"),
    }
}

/// A forward well as the textbook reads it; `?` is a reaction that calls for work-up.
fn on_cells(grade: Grade) -> char {
    match grade {
        Negative => '-',
        Two | Three | Four => '+',
        Weak | One | MixedField | Haemolysis => '?',
    }
}

/// A reverse well as the textbook reads it.
fn in_plasma(grade: Grade) -> char {
    match grade {
        Negative => '-',
        MixedField => '?',
        _ => '+',
    }
}

#[test]
fn abo_of_every_combination_of_four_wells_and_the_control_is_the_textbooks() {
    let mut types = 0;
    for a in Grade::ALL {
        for b in Grade::ALL {
            for a1 in Grade::ALL {
                for bc in Grade::ALL {
                    for control in Grade::ALL {
                        let row: String = [on_cells(a), on_cells(b), in_plasma(a1), in_plasma(bc)]
                            .iter()
                            .collect();
                        let expected = (control == Negative)
                            .then(|| TEXTBOOK.iter().find(|(wells, _)| *wells == row))
                            .flatten()
                            .map(|(_, abo)| *abo);
                        let (abo, rhd) = group(
                            TestKind::Group,
                            &[
                                (Well::AntiA, a),
                                (Well::AntiB, b),
                                (Well::AntiD, Four),
                                (Well::Control, control),
                                (Well::A1Cells, a1),
                                (Well::BCells, bc),
                            ],
                        );
                        assert_eq!(
                            abo, expected,
                            "A {a} B {b} A1 {a1} Bc {bc} control {control}"
                        );
                        assert_eq!(rhd, (control == Negative).then_some(RhD::Positive));
                        types += usize::from(abo.is_some());
                    }
                }
            }
        }
    }
    // O: 1·1·6·6, A and B: 3·1·1·6 each, AB: 3·3·1·1.
    assert_eq!(types, 36 + 18 + 18 + 9);
}

#[test]
fn a_further_well_can_take_a_type_away_but_never_change_it() {
    let further = [
        (Well::AntiAB, "-+++"),
        (Well::A2Cells, "+-+-"),
        (Well::OCells, "----"),
        (Well::Autocontrol, "----"),
    ];
    for (n, (row, abo)) in TEXTBOOK.iter().enumerate() {
        let mut base: Vec<(Well, Grade)> = [Well::AntiA, Well::AntiB, Well::A1Cells, Well::BCells]
            .into_iter()
            .zip(row.chars().map(|c| if c == '+' { Four } else { Negative }))
            .collect();
        base.extend([(Well::AntiD, Four), (Well::Control, Negative)]);
        for (well, expected) in &further {
            let expected = expected.chars().nth(n).unwrap();
            for grade in Grade::ALL {
                let seen = match well {
                    Well::AntiAB => on_cells(grade),
                    // The autocontrol may not react at all, a mixed field included.
                    Well::Autocontrol if grade != Negative => '+',
                    _ => in_plasma(grade),
                };
                let mut wells = base.clone();
                wells.push((*well, grade));
                let (found, _) = group(TestKind::Group, &wells);
                assert_eq!(
                    found,
                    (seen == expected).then_some(*abo),
                    "{abo} {well:?} {grade}"
                );
            }
        }
    }
}

#[test]
fn adults_have_no_type_without_both_reverse_wells() {
    for (row, _) in TEXTBOOK {
        let wells: Vec<(Well, Grade)> = [Well::AntiA, Well::AntiB, Well::A1Cells, Well::BCells]
            .into_iter()
            .zip(row.chars().map(|c| if c == '+' { Four } else { Negative }))
            .chain([(Well::Control, Negative)])
            .collect();
        for missing in [Well::AntiA, Well::AntiB, Well::A1Cells, Well::BCells] {
            let rest: Vec<_> = wells
                .iter()
                .copied()
                .filter(|(well, _)| *well != missing)
                .collect();
            assert_eq!(
                group(TestKind::Group, &rest).0,
                None,
                "{row} without {missing:?}"
            );
        }
    }
}

#[test]
fn cells_only_gives_the_forward_type_and_ab_only_beside_a_negative_control() {
    for kind in [TestKind::ForwardGroup, TestKind::AboForward] {
        for a in Grade::ALL {
            for b in Grade::ALL {
                for control in Grade::ALL.map(Some).into_iter().chain([None]) {
                    let expected = match (on_cells(a), on_cells(b), control) {
                        (_, _, Some(control)) if control != Negative => None,
                        ('-', '-', _) => Some(Abo::O),
                        ('+', '-', _) => Some(Abo::A),
                        ('-', '+', _) => Some(Abo::B),
                        ('+', '+', Some(_)) => Some(Abo::Ab),
                        _ => None,
                    };
                    let mut wells = vec![(Well::AntiA, a), (Well::AntiB, b)];
                    wells.extend(control.map(|grade| (Well::Control, grade)));
                    assert_eq!(group(kind, &wells).0, expected, "{a} {b} {control:?}");
                }
            }
        }
    }
}

#[test]
fn rhd_of_every_combination_of_two_anti_ds_and_the_weak_d_test() {
    let choices = || Grade::ALL.map(Some).into_iter().chain([None]);
    for d in Grade::ALL {
        for d2 in choices() {
            for weak in choices() {
                let mut wells = vec![(Well::AntiD, d), (Well::Control, Negative)];
                wells.extend(d2.map(|grade| (Well::AntiD2, grade)));
                wells.extend(weak.map(|grade| (Well::WeakD, grade)));
                let stray = |g: Grade| matches!(g, MixedField | Haemolysis);
                let clear = |g: Grade| matches!(g, Two | Three | Four);
                let all: Vec<Grade> = [Some(d), d2].into_iter().flatten().collect();
                let expected = if all.iter().any(|g| stray(*g)) || weak.is_some_and(stray) {
                    None
                } else if all.iter().all(|g| clear(*g)) {
                    (weak != Some(Negative)).then_some(RhD::Positive)
                } else if all.iter().all(|g| *g == Negative) {
                    Some(if weak.is_none_or(|g| g == Negative) {
                        RhD::Negative
                    } else {
                        RhD::Weak
                    })
                } else if all.contains(&Negative) {
                    // One reagent sees no D where the other does: only the weak-D test can say more.
                    weak.is_some_and(|g| g != Negative).then_some(RhD::Weak)
                } else {
                    (weak != Some(Negative)).then_some(RhD::Weak)
                };
                let (_, rhd) = group(TestKind::ForwardGroup, &wells);
                assert_eq!(rhd, expected, "D {d} D2 {d2:?} weak {weak:?}");
            }
        }
    }
}

#[test]
fn a_screen_is_negative_only_when_nothing_reacts_and_nothing_is_missing() {
    let wells = [
        Well::Screen1,
        Well::Screen2,
        Well::Screen3,
        Well::Autocontrol,
    ];
    for code in 0..8_usize.pow(4) {
        let grades: Vec<Grade> = (0..4)
            .map(|n| Grade::ALL[code / 8_usize.pow(n) % 8])
            .collect();
        let read: Vec<_> = wells.into_iter().zip(grades.iter().copied()).collect();
        let expected = if grades.iter().all(|grade| *grade == Negative) {
            Call::Negative
        } else {
            Call::Positive
        };
        let found = interpret(TestKind::Screen, &readings(&read), STRENGTHS);
        assert_eq!(found, Interpretation::Screen(expected), "{grades:?}");
    }
    let negative = [Well::Screen1, Well::Screen2, Well::Screen3].map(|well| (well, Negative));
    let call = |wells: &[(Well, Grade)]| interpret(TestKind::Screen, &readings(wells), STRENGTHS);
    let indeterminate = Interpretation::Screen(Call::Indeterminate);
    assert_eq!(call(&negative[..2]), indeterminate);
    let mut failed = negative.to_vec();
    failed.push((Well::ScreenPositive, Negative));
    assert_eq!(call(&failed), indeterminate);
}

#[test]
fn a_dat_needs_its_control_negative() {
    for poly in Grade::ALL {
        for igg in Grade::ALL {
            for control in Grade::ALL {
                let expected = match (control, poly, igg) {
                    (Negative, Negative, Negative) => Call::Negative,
                    (Negative, ..) => Call::Positive,
                    _ => Call::Indeterminate,
                };
                let read = readings(&[
                    (Well::DatPoly, poly),
                    (Well::DatIgg, igg),
                    (Well::DatControl, control),
                ]);
                let found = interpret(TestKind::Dat, &read, STRENGTHS);
                assert_eq!(found, Interpretation::Dat(expected));
            }
        }
    }
}

#[test]
fn what_is_said_must_be_what_the_wells_say_and_silence_is_no_contradiction() {
    let wells = Interpretation::Group {
        abo: Some(Abo::A),
        rhd: Some(RhD::Positive),
    };
    let said = |abo, rhd| Interpretation::Group { abo, rhd };
    assert!(!wells.contradicted_by(&said(Some(Abo::A), None)));
    assert!(wells.contradicted_by(&said(Some(Abo::B), None)));
    assert!(wells.contradicted_by(&said(Some(Abo::A), Some(RhD::Weak))));
    assert!(said(None, None).contradicted_by(&said(Some(Abo::O), None)));
    assert!(
        Interpretation::Screen(Call::Positive)
            .contradicted_by(&Interpretation::Screen(Call::Negative))
    );
    assert!(wells.contradicted_by(&Interpretation::Screen(Call::Negative)));
}
