//! What a request must state, and how it ends.

use super::*;
use crate::finding::{FactValue, Rule};
use crate::request::{
    AmendRequest, CancelRequest, CloseRequest, DeclareEmergency, EmergencyPatient, ReturnRequest,
};
use crate::unit::Status;

fn incomplete(scene: &Scene, order: Order) -> Vec<String> {
    let command = PlaceRequest {
        patient: scene.patient,
        order,
    };
    let findings = scene.trial.findings(by("clinician"), command);
    findings
        .iter()
        .filter(|finding| finding.rule == Rule::RequestIncomplete)
        .flat_map(|finding| &finding.facts)
        .filter_map(|fact| match &fact.value {
            FactValue::Word(word) => Some(word.trim_start_matches("field-").to_owned()),
            _ => None,
        })
        .collect()
}

fn scene() -> Scene {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    Scene::bare(trial, patient, Component::RedCells, Urgency::Routine)
}

#[test]
fn a_refusal_lists_everything_that_is_missing() {
    let scene = scene();
    let mut empty = order(Component::RedCells, Urgency::Routine, &scene.trial);
    empty.amount.hundredths = 0;
    empty.ward.clear();
    empty.doctor = " ".into();
    empty.diagnosis.clear();
    empty.indication = None;
    empty.labs.clear();
    let all = [
        "amount",
        "ward",
        "doctor",
        "diagnosis",
        "indication",
        "hb_g_l",
    ];
    assert_eq!(incomplete(&scene, empty.clone()), all);
    empty.urgency = Urgency::Emergency;
    assert_eq!(incomplete(&scene, empty), ["amount", "ward", "doctor"]);
    let labs = [
        (Component::Platelets, "plt_1e9_l"),
        (Component::Plasma, "inr"),
        (Component::Cryo, "fib_g_l"),
    ];
    for (component, lab) in labs {
        let mut order = order(component, Urgency::Routine, &scene.trial);
        order.labs.clear();
        assert_eq!(incomplete(&scene, order), [lab]);
    }
}

#[test]
fn impossible_values_are_refused() {
    let scene = scene();
    let refused = |change: fn(&mut Order)| {
        let mut order = order(Component::RedCells, Urgency::Routine, &scene.trial);
        change(&mut order);
        let command = PlaceRequest {
            patient: scene.patient,
            order,
        };
        scene.trial.refused(by("clinician"), command)
    };
    assert_eq!(
        refused(|o| o.amount.measure = Measure::Millilitre),
        ["bad-value"]
    );
    assert_eq!(
        refused(|o| o.indication = Some("because".into())),
        ["bad-value"]
    );
    for value in ["low", "6.2.1", "-3", "1234567", ".5", "6,2"] {
        let mut order = order(Component::RedCells, Urgency::Routine, &scene.trial);
        order.labs.insert("hb_g_l".into(), value.into());
        let command = PlaceRequest {
            patient: scene.patient,
            order,
        };
        assert_eq!(
            scene.trial.refused(by("clinician"), command),
            ["bad-value"],
            "{value}"
        );
    }
}

#[test]
fn a_request_that_ends_lets_its_units_go() {
    type End = fn(RequestId) -> crate::command::Command;
    let ends: [(&str, End); 3] = [
        ("clinician", |request| {
            CancelRequest {
                request,
                reason: "病情好转".into(),
            }
            .into()
        }),
        ("technologist", |request| {
            ReturnRequest {
                request,
                reason: "指征不符".into(),
            }
            .into()
        }),
        ("technologist", |request| {
            CloseRequest {
                request,
                reason: "已用完".into(),
            }
            .into()
        }),
    ];
    for (who, end) in ends {
        let mut scene = Scene::ready(Component::RedCells, "A+", "A+");
        scene.reserve();
        scene.trial.run(by(who), end(scene.request));
        let unit = scene.trial.hospital.units.get(&scene.unit).unwrap();
        assert_eq!(unit.status, Status::Available);
        let command = scene.hand_over(None);
        let refused = scene
            .trial
            .refused(by("technologist").with("technologist2"), command);
        assert!(refused.contains(&"request-closed"));
        assert_eq!(scene.trial.replayed(), scene.trial.hospital);
    }
}

#[test]
fn a_returned_request_is_mended_and_stands_again() {
    let mut scene = scene();
    let request = scene.request;
    let reason: String = "缺检验值".into();
    scene
        .trial
        .run(by("technologist"), ReturnRequest { request, reason });
    let order = order(Component::RedCells, Urgency::Urgent, &scene.trial);
    scene.trial.run(
        by("clinician"),
        AmendRequest {
            request,
            order,
            reason: "已补".into(),
        },
    );
    assert!(
        scene
            .trial
            .hospital
            .requests
            .get(request)
            .unwrap()
            .state
            .open()
    );
    assert_eq!(scene.trial.hospital.requests.open().count(), 1);
    assert_eq!(scene.trial.replayed(), scene.trial.hospital);
}

#[test]
fn an_emergency_names_each_component_once() {
    let scene = scene();
    let amount = order(Component::RedCells, Urgency::Emergency, &scene.trial).amount;
    for needs in [
        vec![],
        vec![(Component::RedCells, amount), (Component::RedCells, amount)],
    ] {
        let command = DeclareEmergency {
            patient: EmergencyPatient::Known(scene.patient),
            needs,
            ward: "emergency".into(),
            doctor: "王医生".into(),
            note: String::new(),
        };
        assert_eq!(scene.trial.refused(by("nurse"), command), ["bad-value"]);
    }
}
