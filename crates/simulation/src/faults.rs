//! The invariants can fail: a fault is put between the rules and the record, and the run reports it.

use lifeline_core::blood::{Abo, BloodGroup, RhD};
use lifeline_core::event::Event;
use lifeline_core::issue::IssueEvent;
use lifeline_core::patient::PatientEvent;
use lifeline_core::unit::{Regroup, Status};

use crate::check::lethal;
use crate::history::History;
use crate::report::Report;
use crate::world::World;

/// What a run with the fault reports as broken; the first seeds go through until one does.
fn broken(fault: fn(&mut World, &mut Event)) -> Option<&'static str> {
    (0..6).find_map(|seed| {
        let mut report = Report::new(seed);
        let mut history = History::new(seed);
        history.fault = Some(fault);
        history.run(12_000, &mut report, &mut |_| {});
        report.violation.map(|violation| violation.invariant)
    })
}

/// A gate whose compatibility table is wrong: another bag leaves instead, one the patient has an antibody against.
fn wrong_table(world: &mut World, event: &mut Event) {
    let Event::Issue(IssueEvent::Issued {
        unit,
        patient,
        emergency: None,
        ..
    }) = event
    else {
        return;
    };
    let hospital = &world.hospital;
    let Some(given) = hospital.units.get(unit) else {
        return;
    };
    let on_file = hospital
        .patients
        .get(*patient)
        .and_then(|record| record.determinations.first());
    let Some(group) = on_file.map(|found| found.group) else {
        return;
    };
    let fits = hospital.units.shelf().find(|bag| {
        bag.component == given.component
            && bag.component.carries_red_cells()
            && bag.status == Status::Available
            && bag.attributes == given.attributes
            && bag.locked_to.is_none()
            && bag.expires > world.at
            && matches!(bag.regroup, Regroup::Confirmed(_))
            && lethal(bag.group.abo, group.abo)
    });
    if let Some(bag) = fits {
        *unit = bag.id;
    }
}

/// Biology that is not what the record says: whoever is registered really has no antigen and every antibody, and what is issued is
/// really of the other types.
fn other_blood(world: &mut World, event: &mut Event) {
    match event {
        Event::Patient(PatientEvent::Registered { .. }) => {
            for person in &mut world.truth.people {
                *person = BloodGroup::new(Abo::O, RhD::Negative);
            }
        }
        Event::Issue(IssueEvent::Issued {
            unit,
            emergency: None,
            ..
        }) => {
            let blood = BloodGroup::new(Abo::Ab, RhD::Positive);
            world.truth.units.insert(*unit, blood);
        }
        _ => {}
    }
}

#[test]
fn a_bag_against_the_group_on_file_is_reported() {
    assert_eq!(
        broken(wrong_table),
        Some("no red cells against a group on file")
    );
}

#[test]
fn a_bag_against_the_real_blood_is_reported_though_the_record_agrees() {
    assert_eq!(
        broken(other_blood),
        Some("no red cells against the patient's real blood")
    );
}

/// Written from Landsteiner's rule, pair by pair: the cells in front, then the patient.
#[test]
fn the_simulations_biology_is_landsteiners() {
    let kills = ["A O", "A B", "B O", "B A", "AB O", "AB A", "AB B"];
    for cells in Abo::ALL {
        for patient in Abo::ALL {
            let pair = format!("{cells} {patient}");
            assert_eq!(
                lethal(cells, patient),
                kills.contains(&pair.as_str()),
                "{pair}"
            );
        }
    }
}
