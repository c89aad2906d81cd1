use jiff::SignedDuration;

use super::*;
use crate::blood::{Abo, LabelGroup};
use crate::unit::stock::{Band, band, near_span, summary};

#[test]
fn counts_by_component_group_and_band_and_suggests_the_first_to_expire() {
    let mut trial = Trial::new();
    let late = trial.stocked(1, "A+");
    trial.pass(SignedDuration::from_hours(24));
    let later = trial.stocked(2, "A+");
    trial.bag_in(3, Status::Reserved);
    trial.bag_in(4, Status::Quarantined);
    trial.bag_in(5, Status::Issued);
    trial.bag(6, Component::Plasma, "O");
    let count = |trial: &Trial, component, group: &str| {
        summary(&trial.hospital, trial.at)
            .get(&(component, LabelGroup::parse(group).unwrap()))
            .copied()
            .unwrap_or_default()
    };
    let red = count(&trial, Component::RedCells, "A+");
    assert_eq!((red.available, red.promised, red.held), ([0, 0, 2], 1, 1));
    assert_eq!(count(&trial, Component::Plasma, "O").usable(), 1);
    let order: Vec<UnitId> = trial
        .hospital
        .units
        .on_shelf(Component::RedCells, Abo::A)
        .map(|unit| unit.id)
        .take(2)
        .collect();
    assert_eq!(order, [late, later]);

    // Three days before the first expires it is near, at its expiry it is expired.
    trial.pass(SignedDuration::from_hours(16 * 24 + 1));
    assert_eq!(
        count(&trial, Component::RedCells, "A+").available,
        [0, 1, 1]
    );
    trial.at = trial.bagged(late).expires;
    let near = near_span(&trial.hospital, trial.at);
    assert_eq!(band(trial.bagged(late), trial.at, near), Band::Expired);
    assert_eq!(
        count(&trial, Component::RedCells, "A+").available,
        [1, 1, 0]
    );
    assert_eq!(count(&trial, Component::RedCells, "A+").usable(), 1);
}
