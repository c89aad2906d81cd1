use std::collections::BTreeMap;

use lifeline_core::blood::{Antigen, AntigenProfile, BloodGroup, Typing};

use super::*;

fn shares() -> Shares {
    let table = |rows: &[(&str, f64)]| -> BTreeMap<String, f64> {
        rows.iter()
            .map(|(name, share)| ((*name).to_owned(), *share))
            .collect()
    };
    Shares::of(
        "han",
        &table(&[
            ("E", 0.39),
            ("c", 0.54),
            ("Jka", 0.71),
            ("Jkb", 0.79),
            ("M", 0.79),
            ("S", 0.12),
            ("Mur", 0.065),
        ]),
        &table(&[
            ("C D e", 0.655),
            ("c D E", 0.205),
            ("c D e", 0.065),
            ("c e", 0.050),
            ("C D E", 0.012),
            ("C e", 0.010),
            ("c E", 0.003),
        ]),
    )
    .unwrap()
}

fn share(wanted: &[Antigen]) -> (f64, Vec<Reckoned>) {
    let parts = shares().negative(wanted).unwrap();
    (
        parts.iter().map(|part| part.share).product(),
        parts.iter().map(|part| part.by).collect(),
    )
}

#[test]
fn what_is_inherited_together_is_never_multiplied() {
    // 0.27 by multiplying c− with E−, about 0.44 as they are inherited.
    let (together, by) = share(&[Antigen::LittleC, Antigen::BigE]);
    assert!((together - 0.442).abs() < 0.002, "{together}");
    assert_eq!(by, [Reckoned::Haplotypes]);
    // Jk(a−b−) is not to be had by multiplying Jk(a−) with Jk(b−).
    assert!(share(&[Antigen::Jka, Antigen::Jkb]).0 < 1e-9);
    // Two genes of one system: at least so many, and said so.
    let (least, by) = share(&[Antigen::M, Antigen::BigS]);
    assert!((least - (0.21 + 0.88 - 1.0)).abs() < 1e-9);
    assert_eq!(by, [Reckoned::AtLeast]);
    // Between systems they are multiplied.
    let (both, _) = share(&[Antigen::LittleC, Antigen::BigE, Antigen::Jka]);
    assert!((both - together * 0.29).abs() < 1e-9);
    assert_eq!(shares().negative(&[Antigen::Vel]), Err(vec![Antigen::Vel]));
}

#[test]
fn what_is_known_of_a_donor_changes_the_chance() {
    let mut known = AntigenProfile::default();
    known.set(Antigen::LittleC, Typing::Negative);
    let chance = |known: &AntigenProfile, wanted: &[Antigen]| -> f64 {
        let parts = shares().chances(known, wanted).unwrap();
        parts.iter().map(|part| part.share).product()
    };
    let wanted = [Antigen::LittleC, Antigen::BigE];
    // Without c there is hardly an E.
    assert!(chance(&known, &wanted) > 0.96);
    known.set(Antigen::BigE, Typing::Positive);
    assert_eq!(chance(&known, &wanted), 0.0);
    let mut kidd = AntigenProfile::default();
    kidd.set(Antigen::Jkb, Typing::Negative);
    assert_eq!(
        chance(&kidd, &[Antigen::Jka]),
        0.0,
        "one of the two is always there"
    );
}

const LIST: &str =
    "donor,group,Jka,Jkb,C,c,note\nR1,O+,0,0,1,,冷冻\nR2,A-,0,1,,,\nR3,O-,0,,,,\nR4,O+,1,0,,,";

#[test]
fn a_registry_is_read_and_searched() {
    let donors = parse_donors(LIST, 100).unwrap();
    let found = Catalogue::of(&donors);
    assert_eq!(found.len(), 4);
    let wanted = [Antigen::Jka];
    assert_eq!(found.certain(&wanted, 0, 10), (vec![0, 1, 2], 3));
    let to = |group| given_to(BloodGroup::parse(group).unwrap());
    assert_eq!(found.certain(&wanted, to("A-"), 10).0, [1, 2]);
    assert_eq!(found.certain(&wanted, to("O+"), 10).0, [0, 2]);
    assert_eq!(
        found.certain(&[Antigen::Jka, Antigen::Jkb], to("B+"), 10).0,
        [0]
    );
    // R3 is not typed for Jk(b); without Jk(a) it must carry it.
    assert!(
        found
            .open(&[Antigen::Jka, Antigen::Jkb], 0, &shares(), 10)
            .is_empty()
    );
    let open = found.open(&[Antigen::LittleC], 0, &shares(), 10);
    assert_eq!(open.len(), 4);
    // Who has C lacks c more often than who was never typed.
    assert_eq!(open[0].row, 0);
    assert!(open[0].chance > open[1].chance + 0.03);
}

#[test]
fn a_wrong_registry_is_refused_with_row_and_column() {
    for (text, row, column) in [
        ("", 1, "donor"),
        ("group,Jka\nO+,0", 1, "donor"),
        ("donor,Jka\nR1,0", 1, "group"),
        ("donor,group\nR1,O+", 1, "Jka"),
        ("donor,group,Jka,Jka\nR1,O+,0,0", 1, "Jka"),
        ("donor,group,Foo\nR1,O+,0", 1, "Foo"),
        ("donor,group,Jka\nR1,O+,0\nR1,A+,0", 3, "donor"),
        ("donor,group,Jka\nR1,Q+,0", 2, "group"),
        ("donor,group,Jka\nR1,O,0", 2, "group"),
        ("donor,group,Jka\nR1,O+,7", 2, "Jka"),
        ("donor,group,Jka\nR1,O+", 2, "donor"),
        ("donor,group,C,c\nR1,O+,0,0", 2, "C"),
        ("donor,group,Jka\n,O+,0", 2, "donor"),
        ("donor,group,Jka\n", 2, "donor"),
    ] {
        let faults = parse_donors(text, 100).unwrap_err();
        assert_eq!(
            (faults[0].row, faults[0].column.as_str()),
            (row, column),
            "{text:?}"
        );
    }
    let many = format!("donor,group,Jka\n{}", "x,Q,9\n".repeat(400));
    assert_eq!(parse_donors(&many, 1000).unwrap_err().len(), FAULTS_MOST);
    assert_eq!(parse_donors(LIST, 2).unwrap_err()[0].row, 4);
}
