//! The whole way of a bag, and its return.

use jiff::SignedDuration;

use super::*;
use crate::blood::{Celsius, Millilitres};
use crate::issue::{Fate, ReceiveOnWard, RecordFate, ReturnIssue, StartTransfusion};
use crate::request::{AcceptRequest, RequestState};
use crate::unit::{Checked, Status};

fn status(scene: &Scene) -> Status {
    scene.trial.hospital.units.get(&scene.unit).unwrap().status
}

#[test]
fn from_request_to_fate() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    let request = scene.request;
    scene
        .trial
        .run(by("technologist"), AcceptRequest { request });
    scene.reserve();
    assert_eq!(status(&scene), Status::Reserved);
    let crossmatch = scene.record(scene.reading(Grade::Negative, Grade::Negative));
    assert_eq!(status(&scene), Status::Crossmatched);
    assert_eq!(scene.refused(), ["crossmatch-unreviewed"]);
    scene
        .trial
        .run(by("technologist2"), ReviewCrossmatch { crossmatch });
    let issue = scene.issue();
    assert_eq!(status(&scene), Status::Issued);
    let kept = scene.trial.hospital.issues.get(issue).unwrap();
    assert_eq!(kept.crossmatch, Some(crossmatch));
    assert_eq!(kept.second, user("technologist2"));

    scene.trial.pass(SignedDuration::from_mins(10));
    let location = place("ward-3");
    scene
        .trial
        .run(by("nurse"), ReceiveOnWard { issue, location });
    let wristband = |text| PatientNumber::parse(text).unwrap();
    let wrong = StartTransfusion {
        issue,
        wristband: wristband("H2"),
    };
    assert_eq!(scene.trial.refused(by("nurse"), wrong), ["wrong-patient"]);
    let right = StartTransfusion {
        issue,
        wristband: wristband("H1"),
    };
    scene.trial.run(by("nurse"), right);
    assert_eq!(status(&scene), Status::Transfusing);
    let started = scene.trial.at;
    scene.trial.pass(SignedDuration::from_mins(90));
    let fate = |started, ended, volume| RecordFate {
        issue,
        fate: Fate::Transfused {
            started,
            ended,
            volume: Millilitres(volume),
            reaction: Checked::Good,
        },
    };
    let late = scene.trial.minutes(1);
    for bad in [
        fate(started, late, 200),
        fate(scene.trial.at, started, 200),
        fate(started, scene.trial.at, 0),
        fate(started, scene.trial.at, 5000),
        fate(scene.trial.minutes(-600), scene.trial.at, 200),
    ] {
        assert_eq!(scene.trial.refused(by("nurse"), bad), ["bad-value"]);
    }
    let ended = scene.trial.at;
    scene.trial.run(by("nurse"), fate(started, ended, 200));
    assert_eq!(status(&scene), Status::Transfused);
    let patient = scene.trial.hospital.patients.get(scene.patient).unwrap();
    assert_eq!(patient.transfused, Some(ended));
    assert_eq!(
        scene.trial.refused(by("nurse"), fate(started, ended, 200)),
        ["unit-transition"]
    );
    assert_eq!(scene.trial.hospital.issues.open().count(), 0);
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn of_two_who_issue_one_bag_the_second_is_refused() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+").crossmatched();
    let command = scene.hand_over(None);
    let (one, other) = (
        by("technologist").with("senior"),
        by("technologist2").with("senior2"),
    );
    assert!(scene.trial.decide(&one, command.clone()).is_ok());
    assert!(scene.trial.decide(&other, command.clone()).is_ok());
    scene.trial.run(one, command.clone());
    let refused = scene.trial.refused(other, command);
    assert!(refused.contains(&"unit-transition"), "{refused:?}");
}

#[test]
fn the_last_bag_asked_for_closes_an_ordinary_request() {
    let mut scene = Scene::ready(Component::Plasma, "A+", "A+");
    scene.issue();
    let state = |scene: &Scene| {
        scene
            .trial
            .hospital
            .requests
            .get(scene.request)
            .unwrap()
            .state
            .clone()
    };
    assert!(state(&scene).open());
    scene.unit = scene.stock(2, Component::Plasma, "A+");
    scene.issue();
    assert_eq!(state(&scene), RequestState::Closed);
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn a_bag_that_comes_back_is_put_back_only_when_all_is_good() {
    let came_back = |minutes: i64, change: fn(&mut ReturnIssue)| {
        let mut scene = Scene::ready(Component::RedCells, "A+", "A+").crossmatched();
        let issue = scene.issue();
        scene.trial.pass(SignedDuration::from_secs(minutes * 60));
        let mut command = ReturnIssue {
            issue,
            temperature: Celsius::parse("5"),
            seal: Checked::Good,
            appearance: Appearance::Normal,
            reason: "手术取消".into(),
            location: place("fridge-1"),
        };
        change(&mut command);
        assert_eq!(
            scene.trial.refused(by("technologist"), command.clone()),
            ["second-person-needed"]
        );
        scene
            .trial
            .run(by("technologist").with("technologist2"), command.clone());
        assert_eq!(
            scene
                .trial
                .refused(by("technologist").with("technologist2"), command),
            ["unit-transition"],
            "only once"
        );
        assert_eq!(scene.trial.replayed(), scene.trial.hospital);
        let unit = scene.trial.hospital.units.get(&scene.unit).unwrap();
        assert_eq!(unit.minutes_out, minutes);
        let request = scene.trial.hospital.requests.get(scene.request).unwrap();
        assert_eq!(request.issued_hundredths, 0);
        status(&scene)
    };
    assert_eq!(came_back(30, |_| {}), Status::Available);
    assert_eq!(came_back(31, |_| {}), Status::Quarantined);
    let spoiled: [fn(&mut ReturnIssue); 5] = [
        |back| back.temperature = None,
        |back| back.temperature = Celsius::parse("11"),
        |back| back.seal = Checked::NotChecked,
        |back| back.seal = Checked::Bad,
        |back| back.appearance = Appearance::Haemolysed,
    ];
    for change in spoiled {
        assert_eq!(came_back(5, change), Status::Quarantined);
    }
}

#[test]
fn a_bag_that_came_back_needs_everything_anew() {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+").crossmatched();
    let issue = scene.issue();
    let back = ReturnIssue {
        issue,
        temperature: Celsius::parse("5"),
        seal: Checked::Good,
        appearance: Appearance::Normal,
        reason: "手术取消".into(),
        location: place("fridge-1"),
    };
    scene
        .trial
        .run(by("technologist").with("technologist2"), back);
    // The crossmatch is still in date, so the bag may leave again for the same patient.
    let again = scene.issue();
    assert_ne!(issue, again);
    let fate = RecordFate {
        issue,
        fate: Fate::DiscardedOnWard {
            reason: "broken".into(),
        },
    };
    let refused = scene.trial.refused(by("nurse"), fate);
    assert!(refused.contains(&"unit-transition"), "{refused:?}");
}
