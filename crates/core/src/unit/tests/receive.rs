use super::*;
use crate::blood::{Celsius, Millilitres, ProductCode};
use crate::testkit::by;
use crate::unit::{Appearance, Checked, EntryPath, Hold, ReceiveUnit, Regroup};

fn two() -> crate::testkit::By {
    by("technologist").with("technologist2")
}

fn holds(trial: &Trial, unit: UnitId) -> Vec<String> {
    trial
        .bagged(unit)
        .holds
        .iter()
        .map(|hold| hold.code().to_owned())
        .collect()
}

#[test]
fn red_cells_wait_for_their_regroup_and_others_are_available_at_once() {
    let mut trial = Trial::new();
    for (serial, (component, waits)) in [
        (Component::RedCells, true),
        (Component::WholeBlood, true),
        (Component::Granulocytes, true),
        (Component::Plasma, false),
        (Component::Platelets, false),
        (Component::Cryo, false),
    ]
    .into_iter()
    .enumerate()
    {
        let unit = trial.bag(u32::try_from(serial).unwrap(), component, "B-");
        let bag = trial.bagged(unit);
        assert_eq!(bag.regroup == Regroup::Awaited, waits, "{component:?}");
        assert_eq!(bag.status == Status::Quarantined, waits, "{component:?}");
        assert_eq!(bag.checked_by, Some(crate::testkit::user("technologist2")));
    }
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn component_attributes_and_amount_come_from_the_product_list_unless_stated() {
    let mut trial = Trial::new();
    let mut command = trial.delivery(1, Component::Plasma, "O");
    command.volume = Some(Millilitres(187));
    trial.run(two(), command.clone());
    let bag = trial.bagged(command.unit);
    assert_eq!(bag.component, Component::Plasma);
    assert!(bag.attributes.has(crate::blood::Attribute::Frozen));
    assert_eq!(bag.volume, Millilitres(187));
    assert_eq!(bag.amount.hundredths, 20_000);
}

#[test]
fn whatever_was_not_checked_or_was_bad_is_taken_in_but_held() {
    type Change = fn(&mut ReceiveUnit);
    let change: [(&str, Change); 7] = [
        ("out_of_range", |c| {
            c.checks.temperature = Celsius::parse("12.5")
        }),
        ("out_of_range", |c| {
            c.checks.temperature = Celsius::parse("-30")
        }),
        ("receipt_check", |c| c.checks.temperature = None),
        ("receipt_check", |c| {
            c.checks.appearance = Appearance::Haemolysed
        }),
        ("receipt_check", |c| c.checks.seal = Checked::Bad),
        ("receipt_check", |c| c.checks.seal = Checked::NotChecked),
        ("receipt_check", |c| c.checks.label = Checked::NotChecked),
    ];
    let mut trial = Trial::new();
    for (serial, (expected, change)) in change.into_iter().enumerate() {
        // Platelets wait for nothing else; their container is at 22 °C.
        let mut command =
            trial.delivery(u32::try_from(serial).unwrap(), Component::Platelets, "A+");
        change(&mut command);
        trial.run(two(), command.clone());
        assert_eq!(trial.bagged(command.unit).status, Status::Quarantined);
        assert_eq!(holds(&trial, command.unit), [expected]);
    }
}

#[test]
fn a_bag_is_received_once_whatever_became_of_it() {
    for status in Status::ALL {
        let mut trial = Trial::new();
        trial.bag_in(1, status);
        let again = trial.delivery(1, Component::RedCells, "A+");
        assert_eq!(
            trial.refused(two(), again),
            ["unit-duplicate"],
            "{status:?}"
        );
    }
}

#[test]
fn another_component_or_part_of_a_donation_is_another_bag() {
    let mut trial = Trial::new();
    trial.bag(1, Component::RedCells, "A+");
    let mut part = trial.delivery(1, Component::RedCells, "A+");
    part.unit.product = ProductCode::parse("E0336VA0").unwrap();
    trial.run(two(), part);
    trial.bag(1, Component::Plasma, "A+");
    let units = trial
        .hospital
        .units
        .of_donation(crate::testkit::donation(1));
    assert_eq!(units.count(), 3);
}

#[test]
fn what_cannot_be_is_refused_with_every_finding() {
    let trial = Trial::new();
    let mut command = trial.delivery(1, Component::RedCells, "A+");
    command.unit.product = ProductCode::parse("E9999V00").unwrap();
    command.expires = trial.at;
    command.collected = Some(trial.minutes(5));
    command.locked_to = Some(PatientId(77));
    command.volume = Some(Millilitres(0));
    command.delivery = Some("x".repeat(61));
    let findings = trial.findings(by("technologist"), command);
    let count = |code: &str| {
        findings
            .iter()
            .filter(|finding| finding.rule.code() == code)
            .count()
    };
    for (code, times) in [
        ("product-unknown", 1),
        ("unit-expired", 1),
        ("second-person-needed", 1),
        ("not-found", 1),
        ("bad-value", 3),
    ] {
        assert_eq!(count(code), times, "{code} in {findings:#?}");
    }
}

#[test]
fn nobody_checks_alone_whether_scanned_or_keyed() {
    let trial = Trial::new();
    for entry in [EntryPath::Scanned, EntryPath::Keyed] {
        let command = ReceiveUnit {
            entry,
            ..trial.delivery(1, Component::RedCells, "A+")
        };
        for (signed, rule) in [
            (by("technologist"), "second-person-needed"),
            (
                by("technologist").with("technologist"),
                "second-person-same",
            ),
            (
                by("technologist").with("nurse"),
                "second-person-not-permitted",
            ),
            (by("technologist").with("nobody"), "person-unknown"),
        ] {
            assert_eq!(trial.refused(signed, command.clone()), [rule]);
        }
    }
}

#[test]
fn the_rhd_of_what_is_labelled_negative_is_asked_for_too() {
    use crate::unit::regroup_asked;
    let trial = Trial::new();
    let asked = |component, group: &str| {
        let group = crate::blood::LabelGroup::parse(group).unwrap();
        let asked = regroup_asked(&trial.hospital, component, group, trial.at).unwrap();
        (asked.abo, asked.rhd)
    };
    assert_eq!(asked(Component::RedCells, "A-"), (true, true));
    assert_eq!(asked(Component::RedCells, "A+"), (true, false));
    assert_eq!(asked(Component::RedCells, "A"), (true, false));
    assert_eq!(asked(Component::Plasma, "A-"), (false, false));
    assert_eq!(Hold::from_code("awaiting_regroup"), Hold::AwaitingRegroup);
}

#[test]
fn deep_frozen_red_cells_have_a_range_of_their_own() {
    for (measured, held) in [("-80", false), ("4", true), ("-20", true)] {
        let mut trial = Trial::new();
        let mut delivery = trial.delivery(1, Component::RedCells, "A+");
        delivery.unit = crate::testkit::unit(1, "P0111V00");
        delivery.checks.temperature = crate::blood::Celsius::parse(measured);
        let unit = delivery.unit;
        trial.run(by("technologist").with("technologist2"), delivery);
        let holds = &trial.bagged(unit).holds;
        assert_eq!(
            holds.contains(&crate::unit::Hold::Temperature),
            held,
            "{measured}"
        );
    }
}
