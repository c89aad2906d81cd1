//! One checker's signature serves for the bags of one opened delivery, and for nothing else.

use jiff::SignedDuration;

use super::*;
use crate::blood::Celsius;
use crate::id::DeliveryId;
use crate::people::{NoteSignIn, SignInResult};
use crate::testkit::{By, by, user};
use crate::unit::{EndDelivery, EntryPath, Hold, OpenDelivery, ReceiveUnit};

fn open(trial: &mut Trial, by: By) -> DeliveryId {
    let id = trial.hospital.next.delivery;
    trial.run(by, opening());
    id
}

fn opening() -> OpenDelivery {
    OpenDelivery {
        supplier: "省血液中心".into(),
        reference: "SD-1".into(),
        temperature: Celsius::parse("22"),
    }
}

fn bag(trial: &Trial, serial: u32, under: DeliveryId) -> ReceiveUnit {
    let mut command = trial.delivery(serial, Component::Platelets, "A+");
    command.checks.temperature = None;
    command.delivery = None;
    command.under = Some(under);
    command
}

#[test]
fn every_bag_names_both_people_the_container_and_the_note() {
    let mut trial = Trial::new();
    let id = open(&mut trial, by("technologist").with("technologist2"));
    for serial in 0..3 {
        let command = bag(&trial, serial, id);
        trial.run(by("technologist"), command.clone());
        let bag = trial.bagged(command.unit);
        assert_eq!(bag.received.by, user("technologist"));
        assert_eq!(bag.checked_by, Some(user("technologist2")));
        assert_eq!(bag.status, Status::Available);
    }
    let found = trial.hospital.units.delivery(id).unwrap();
    assert_eq!((found.bags, found.supplier.as_str()), (3, "省血液中心"));
    let written = trial
        .journal
        .iter()
        .rev()
        .find_map(|(_, event)| match event {
            crate::event::Event::Unit(UnitEvent::Received {
                delivery, checks, ..
            }) => Some((delivery.clone(), checks.temperature)),
            _ => None,
        });
    assert_eq!(written, Some((Some("SD-1".into()), Celsius::parse("22"))));
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn the_checker_is_another_person_who_may_check() {
    let trial = Trial::new();
    let refused = |by| trial.refused(by, opening());
    assert_eq!(refused(by("technologist")), ["second-person-needed"]);
    assert_eq!(
        refused(by("technologist").with("technologist")),
        ["second-person-same"]
    );
    assert_eq!(
        refused(by("technologist").with("nurse")),
        ["second-person-not-permitted"]
    );
    let mut nameless = opening();
    nameless.supplier = "  ".into();
    let two = by("technologist").with("technologist2");
    assert_eq!(trial.refused(two, nameless), ["bad-value"]);
}

#[test]
fn the_signature_serves_its_receiver_in_its_time_and_until_they_leave() {
    let mut trial = Trial::new();
    let id = open(&mut trial, by("technologist").with("technologist2"));
    assert_eq!(
        trial.refused(by("senior"), bag(&trial, 1, id)),
        ["delivery-over"]
    );
    let unknown = bag(&trial, 1, DeliveryId(99));
    assert_eq!(trial.refused(by("technologist"), unknown), ["not-found"]);
    let until = trial.hospital.units.delivery(id).unwrap().until;
    let mut late = trial.clone();
    late.at = until;
    assert_eq!(
        late.refused(by("technologist"), bag(&late, 1, id)),
        ["delivery-over"]
    );
    let mut gone = trial.clone();
    gone.run(
        by("system"),
        NoteSignIn {
            user: user("technologist"),
            result: SignInResult::Out,
        },
    );
    assert_eq!(
        gone.refused(by("technologist"), bag(&gone, 1, id)),
        ["delivery-over"]
    );
    assert_eq!(gone.replayed(), gone.hospital);
    // A wrong password typed somewhere else ends nothing.
    trial.run(
        by("system"),
        NoteSignIn {
            user: user("technologist"),
            result: SignInResult::Failed,
        },
    );
    trial.run(by("technologist"), bag(&trial, 1, id));
    assert_eq!(
        trial.refused(by("senior"), EndDelivery { delivery: id }),
        ["delivery-over"]
    );
    trial.run(by("technologist"), EndDelivery { delivery: id });
    assert_eq!(
        trial.refused(by("technologist"), bag(&trial, 2, id)),
        ["delivery-over"]
    );
}

#[test]
fn left_alone_for_as_long_as_a_session_locks_it_serves_no_more() {
    let mut trial = Trial::new();
    let id = open(&mut trial, by("technologist").with("technologist2"));
    let idle = trial
        .hospital
        .policies
        .span(crate::policy::Key::SessionIdle, trial.at);
    let almost = idle.clone().unwrap() - SignedDuration::from_secs(1);
    // Each bag says that both are still there.
    for serial in 1..4 {
        trial.wait(almost);
        trial.run(by("technologist"), bag(&trial, serial, id));
    }
    trial.wait(idle.unwrap());
    assert_eq!(
        trial.refused(by("technologist"), bag(&trial, 9, id)),
        ["delivery-over"]
    );
}

#[test]
fn the_next_delivery_ends_the_one_before() {
    let mut trial = Trial::new();
    let first = open(&mut trial, by("technologist").with("technologist2"));
    let second = open(&mut trial, by("technologist").with("senior"));
    assert_eq!(
        trial.refused(by("technologist"), bag(&trial, 1, first)),
        ["delivery-over"]
    );
    trial.run(by("technologist"), bag(&trial, 1, second));
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn what_is_keyed_by_hand_is_signed_for_itself() {
    let mut trial = Trial::new();
    let id = open(&mut trial, by("technologist").with("technologist2"));
    let mut keyed = bag(&trial, 1, id);
    keyed.entry = EntryPath::Keyed;
    assert_eq!(
        trial.refused(by("technologist"), keyed.clone()),
        ["second-person-needed"]
    );
    trial.run(by("technologist").with("senior"), keyed.clone());
    assert_eq!(trial.bagged(keyed.unit).checked_by, Some(user("senior")));
}

#[test]
fn a_container_that_nobody_measured_holds_its_bags() {
    let mut trial = Trial::new();
    let id = trial.hospital.next.delivery;
    let mut unmeasured = opening();
    unmeasured.temperature = None;
    trial.run(by("technologist").with("technologist2"), unmeasured);
    let command = bag(&trial, 1, id);
    trial.run(by("technologist"), command.clone());
    assert!(
        trial
            .bagged(command.unit)
            .holds
            .contains(&Hold::ReceiptCheck)
    );
}

#[test]
fn a_checker_who_lost_the_right_serves_no_more() {
    let mut trial = Trial::new();
    let id = open(&mut trial, by("technologist").with("technologist2"));
    trial.run(
        by("administrator"),
        crate::people::SetUserActive {
            user: user("technologist2"),
            active: false,
        },
    );
    assert_eq!(
        trial.refused(by("technologist"), bag(&trial, 1, id)),
        ["delivery-over"]
    );
}
