//! Least incompatible blood: two doctors and the head answer for one bag, and nothing else is eased.

use super::*;
use crate::blood::{Antigen, Typing};
use crate::crossmatch::{
    AgreeLeastIncompatible, ApproveLeastIncompatible, AskLeastIncompatible, VoidCrossmatch,
};
use crate::finding::Rule;
use crate::issue::StartTransfusion;
use crate::patient::Specificity;

fn asked(crossmatch: CrossmatchId) -> AskLeastIncompatible {
    AskLeastIncompatible {
        crossmatch,
        reason: "自身抗体，Hb 38 g/L，无相容血".into(),
    }
}

/// A bag that reacted with the patient's plasma, reviewed.
fn reacted() -> (Scene, CrossmatchId) {
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.reserve();
    let crossmatch = scene.record(scene.reading(Grade::One, Grade::Negative));
    scene
        .trial
        .run(by("technologist2"), ReviewCrossmatch { crossmatch });
    (scene, crossmatch)
}

#[test]
fn three_people_answer_and_the_reason_stays_with_the_hand_over() {
    let (mut scene, crossmatch) = reacted();
    let (agree, approve) = (
        AgreeLeastIncompatible { crossmatch },
        ApproveLeastIncompatible { crossmatch },
    );
    let hold = ReserveUnit {
        unit: scene.unit,
        request: scene.request,
        chosen: None,
    };
    assert_eq!(
        scene.trial.refused(by("technologist"), hold.clone()),
        ["crossmatch-incompatible"]
    );
    assert_eq!(
        scene.trial.refused(by("clinician"), agree.clone()),
        ["wrong-state"]
    );
    for (login, expected) in [("technologist", "not-permitted"), ("head", "not-permitted")] {
        assert_eq!(
            scene.trial.refused(by(login), asked(crossmatch)),
            [expected]
        );
    }
    scene.trial.run(by("clinician"), asked(crossmatch));
    assert_eq!(
        scene.trial.refused(by("clinician"), agree.clone()),
        ["second-person-same"]
    );
    assert_eq!(
        scene.trial.refused(by("head"), approve.clone()),
        ["wrong-state"]
    );
    scene.trial.run(by("clinician2"), agree.clone());
    assert_eq!(
        scene.trial.refused(by("clinician2"), agree),
        ["already-exists"]
    );
    assert_eq!(
        scene.trial.refused(by("senior"), approve.clone()),
        ["not-permitted"]
    );
    // Two doctors are not enough.
    assert_eq!(
        scene.trial.refused(by("technologist"), hold.clone()),
        ["crossmatch-incompatible"]
    );
    scene.trial.run(by("head"), approve);
    scene.trial.run(by("technologist"), hold);
    let hand_over = scene.hand_over(None);
    assert_eq!(
        scene
            .trial
            .refused(by("head").with("technologist2"), hand_over.clone()),
        ["crossmatch-least"]
    );
    let because = by("head")
        .with("technologist2")
        .because(Rule::CrossmatchLeast, "三人已签字");
    let events = scene.trial.run(because, hand_over);
    let IssueEvent::Issued {
        crossmatch: rests_on,
        warnings,
        issue,
        ..
    } = issued(&events)
    else {
        panic!("{events:?}");
    };
    assert_eq!(*rests_on, Some(crossmatch));
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].0.rule, Rule::CrossmatchLeast);
    // It stays on file as what it is.
    let kept = scene.trial.hospital.crossmatches.get(crossmatch).unwrap();
    assert_eq!(kept.outcome, crate::crossmatch::Outcome::Incompatible);
    scene.trial.run(
        by("nurse"),
        StartTransfusion {
            issue: *issue,
            wristband: PatientNumber::parse("H1").unwrap(),
        },
    );
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn the_exception_is_for_this_bag_and_this_reading_only() {
    let (mut scene, crossmatch) = reacted();
    scene.trial.run(by("clinician"), asked(crossmatch));
    scene
        .trial
        .run(by("clinician2"), AgreeLeastIncompatible { crossmatch });
    scene
        .trial
        .run(by("head"), ApproveLeastIncompatible { crossmatch });
    let mut other = scene.clone();
    other.unit = other.stock(2, Component::RedCells, "A+");
    other.reserve();
    assert_eq!(other.refused(), ["crossmatch-missing"]);
    // The three weighed this request's need; the same patient's next request is weighed anew.
    let mut again = scene.clone();
    again.request = again.trial.hospital.next.request;
    let order = order(Component::RedCells, Urgency::Routine, &again.trial);
    let patient = again.patient;
    again
        .trial
        .run(by("clinician"), PlaceRequest { patient, order });
    assert!(again.refused().contains(&"crossmatch-incompatible"));
    // Out of date it is no answer any more.
    let mut late = scene.clone();
    late.trial.pass(jiff::SignedDuration::from_hours(24 * 7));
    assert!(late.refused().contains(&"crossmatch-incompatible"));
    // Void, it proves nothing either way.
    scene.trial.run(
        by("senior"),
        VoidCrossmatch {
            crossmatch,
            reason: "读错".into(),
        },
    );
    assert_eq!(scene.refused(), ["crossmatch-missing"]);
}

#[test]
fn what_is_a_hard_stop_stays_one() {
    let (mut scene, crossmatch) = reacted();
    scene.trial.given(PatientEvent::AntibodyRecorded {
        patient: scene.patient,
        specificity: Specificity::Antigen(Antigen::BigE),
        significant: true,
        test: None,
        workup: None,
    });
    let mut antigens = scene
        .trial
        .hospital
        .units
        .get(&scene.unit)
        .unwrap()
        .antigens;
    antigens.set(Antigen::BigE, Typing::Positive);
    scene.trial.given(UnitEvent::AntigensTyped {
        platelet: None,
        report: String::new(),
        second: None,
        unit: scene.unit,
        antigens,
    });
    assert_eq!(
        scene.trial.refused(by("clinician"), asked(crossmatch)),
        ["antigen-positive"]
    );
    // Neither may a compatible one be asked for, nor one that nobody reviewed.
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.reserve();
    let clean = scene.record(scene.reading(Grade::Negative, Grade::Negative));
    assert_eq!(
        scene.trial.refused(by("clinician"), asked(clean)),
        ["wrong-state"]
    );
    let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
    scene.reserve();
    let unread = scene.record(scene.reading(Grade::Two, Grade::Negative));
    assert_eq!(
        scene.trial.refused(by("clinician"), asked(unread)),
        ["wrong-state"]
    );
}
