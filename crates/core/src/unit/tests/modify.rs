use super::*;
use crate::blood::{Attribute, LabelGroup, Millilitres};
use crate::policy::Modification;
use crate::testkit::{By, by, unit};
use crate::unit::ModifyUnit;

fn two() -> By {
    by("technologist").with("technologist2")
}

fn modify(kind: Modification, units: &[UnitId]) -> ModifyUnit {
    ModifyUnit {
        kind,
        units: units.to_vec(),
        into: None,
        parts: Vec::new(),
        volume: None,
    }
}

#[test]
fn thawed_plasma_has_a_new_name_a_day_to_live_and_stays_with_its_patient() {
    let mut trial = Trial::new();
    let frozen = trial.bag(1, Component::Plasma, "A+");
    trial.reserve(frozen, 5);
    let thaw = modify(Modification::Thaw, &[frozen]);
    assert_eq!(
        trial.refused(by("technologist"), thaw.clone()),
        ["second-person-needed"]
    );
    trial.run(two(), thaw.clone());
    let thawed = unit(1, "P0148V00");
    let bag = trial.bagged(thawed);
    assert_eq!(bag.expires, trial.minutes(1440));
    assert!(bag.attributes.has(Attribute::Thawed) && !bag.attributes.has(Attribute::Frozen));
    assert_eq!(bag.status, Status::Reserved);
    assert_eq!(
        bag.reservation.as_ref().map(|held| held.request),
        Some(RequestId(5))
    );
    assert_eq!(bag.parents, [frozen]);
    assert_eq!(trial.bagged(frozen).status, Status::Consumed);
    assert_eq!(trial.bagged(frozen).children, [thawed]);
    assert_eq!(
        trial.refused(two(), thaw),
        ["unit-duplicate", "unit-transition"]
    );
    assert!(
        trial
            .refused(two(), modify(Modification::Thaw, &[thawed]))
            .contains(&"bad-value")
    );
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn nothing_lasts_longer_than_what_it_was_made_from() {
    let mut trial = Trial::new();
    let mut command = trial.delivery(1, Component::Plasma, "A+");
    command.expires = trial.minutes(60);
    trial.run(two(), command.clone());
    trial.run(two(), modify(Modification::Thaw, &[command.unit]));
    assert_eq!(trial.bagged(unit(1, "P0148V00")).expires, trial.minutes(60));
}

#[test]
fn irradiation_changes_a_young_bag_where_it_stands() {
    let mut trial = Trial::new();
    let red = trial.stocked(1, "A+");
    trial.reserve(red, 5);
    let irradiate = modify(Modification::Irradiate, &[red]);
    trial.run(by("technologist"), irradiate.clone());
    let bag = trial.bagged(red);
    assert!(bag.attributes.has(Attribute::Irradiated));
    assert_eq!(bag.expires, trial.minutes(14 * 1440));
    assert_eq!(bag.status, Status::Reserved);
    assert!(bag.parents.is_empty() && bag.children.is_empty());
    assert_eq!(trial.refused(by("technologist"), irradiate), ["bad-value"]);
    // The shelf index follows the new expiry.
    let on_shelf = trial
        .hospital
        .units
        .on_shelf(Component::RedCells, crate::blood::Abo::A);
    assert_eq!(on_shelf.count(), 1);
}

#[test]
fn old_bags_and_bags_of_unknown_age_are_not_irradiated() {
    let mut trial = Trial::new();
    for (serial, collected) in [(1, Some(trial.minutes(-14 * 1440 - 1))), (2, None)] {
        let mut command = trial.delivery(serial, Component::RedCells, "A+");
        command.collected = collected;
        trial.run(two(), command.clone());
        trial.given(UnitEvent::GroupConfirmed {
            unit: command.unit,
            test: TestId(1),
        });
        assert_eq!(
            trial.refused(two(), modify(Modification::Irradiate, &[command.unit])),
            ["modification-too-old"]
        );
    }
}

#[test]
fn a_split_divides_volume_and_amount_and_can_be_divided_once_more() {
    let mut trial = Trial::new();
    let red = trial.stocked(1, "A+");
    let mut split = modify(Modification::Split, &[red]);
    for wrong in [&[][..], &[260], &[200, 61], &[260, 0]] {
        split.parts = wrong.iter().map(|ml| Millilitres(*ml)).collect();
        assert_eq!(
            trial.refused(two(), split.clone()),
            ["bad-value"],
            "{wrong:?}"
        );
    }
    split.parts = vec![Millilitres(87), Millilitres(87), Millilitres(86)];
    trial.run(two(), split);
    let parts: Vec<UnitId> = ["E0336VA0", "E0336VB0", "E0336VC0"]
        .iter()
        .map(|code| unit(1, code))
        .collect();
    assert_eq!(trial.bagged(red).children, parts);
    let amounts: Vec<u32> = parts
        .iter()
        .map(|part| trial.bagged(*part).amount.hundredths)
        .collect();
    assert_eq!(amounts.iter().sum::<u32>(), 200, "{amounts:?}");
    let mut again = modify(Modification::Split, &[parts[0]]);
    again.parts = vec![Millilitres(40), Millilitres(40)];
    trial.run(two(), again);
    let quarter = unit(1, "E0336VAa");
    assert_eq!(trial.bagged(quarter).parents, [parts[0]]);
    let mut third = modify(Modification::Split, &[quarter]);
    third.parts = vec![Millilitres(20), Millilitres(20)];
    assert_eq!(trial.refused(two(), third), ["bad-value"]);
}

#[test]
fn a_pool_is_as_old_as_its_oldest_and_claims_only_what_all_are() {
    let mut trial = Trial::new();
    let mut bags = Vec::new();
    for (serial, group, hours) in [(1, "A-", 100), (2, "A+", 3), (3, "A-", 90)] {
        let mut command = trial.delivery(serial, Component::Platelets, group);
        command.expires = trial.minutes(hours * 60);
        trial.run(two(), command.clone());
        bags.push(command.unit);
    }
    trial.run(two(), modify(Modification::Irradiate, &[bags[0]]));
    let mut pool = modify(Modification::Pool, &bags);
    pool.into = Some(unit(9, "P0210V00"));
    trial.run(two(), pool);
    let made = trial.bagged(unit(9, "P0210V00"));
    assert_eq!(made.expires, trial.minutes(3 * 60));
    assert_eq!(made.group, LabelGroup::parse("A+").unwrap());
    assert!(made.attributes.has(Attribute::Pooled) && made.attributes.has(Attribute::Apheresis));
    assert!(!made.attributes.has(Attribute::Irradiated));
    assert_eq!(made.amount.hundredths, 300);
    assert_eq!(made.volume, Millilitres(750));
    assert_eq!(made.parents.len(), 3);
}

#[test]
fn only_alike_bags_are_pooled() {
    let mut trial = Trial::new();
    let a = trial.bag(1, Component::Platelets, "A+");
    let b = trial.bag(2, Component::Platelets, "B+");
    let plasma = trial.bag(3, Component::Plasma, "A+");
    let promised = trial.bag(4, Component::Platelets, "A+");
    trial.reserve(promised, 1);
    for other in [b, promised] {
        assert_eq!(
            trial.refused(two(), modify(Modification::Pool, &[a, other])),
            ["pool-mismatch"]
        );
    }
    assert_eq!(
        trial.refused(two(), modify(Modification::Pool, &[a, plasma])),
        ["pool-mismatch", "unit-not-thawed"]
    );
    assert!(
        trial
            .refused(two(), modify(Modification::Pool, &[a]))
            .contains(&"bad-value")
    );
}

#[test]
fn the_printed_label_must_be_the_product_the_policy_names_and_new() {
    let mut trial = Trial::new();
    let frozen = trial.bag(1, Component::Plasma, "A+");
    let mut thaw = modify(Modification::Thaw, &[frozen]);
    thaw.into = Some(unit(1, "E0713V00"));
    assert_eq!(trial.refused(two(), thaw.clone()), ["bad-value"]);
    thaw.into = Some(unit(2, "P0148V00"));
    assert_eq!(trial.refused(two(), thaw.clone()), ["bad-value"]);
    let mut taken = trial.delivery(1, Component::Plasma, "A+");
    taken.unit = unit(1, "P0148V00");
    trial.run(two(), taken);
    thaw.into = None;
    assert_eq!(trial.refused(two(), thaw), ["unit-duplicate"]);
}

#[test]
fn held_expired_frozen_and_unlisted_are_refused() {
    let mut trial = Trial::new();
    let held = trial.bag_in(1, Status::Quarantined);
    assert_eq!(
        trial.refused(two(), modify(Modification::Wash, &[held])),
        ["unit-quarantined", "unit-transition"]
    );
    let cryo = trial.bag(2, Component::Cryo, "A+");
    assert_eq!(
        trial.refused(two(), modify(Modification::Pool, &[cryo])),
        ["bad-value", "unit-not-thawed"]
    );
    let whole = trial.bag(3, Component::WholeBlood, "A+");
    trial.given(UnitEvent::GroupConfirmed {
        unit: whole,
        test: TestId(3),
    });
    assert_eq!(
        trial.refused(two(), modify(Modification::Wash, &[whole])),
        ["modification-unlisted"]
    );
    trial.pass(jiff::SignedDuration::from_hours(21 * 24));
    assert_eq!(
        trial.refused(two(), modify(Modification::Irradiate, &[whole])),
        ["modification-too-old", "unit-expired"]
    );
}
