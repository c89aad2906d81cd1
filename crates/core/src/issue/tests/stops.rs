//! Every stop of the gate provoked alone; no role gets past any of them with any reason.

use jiff::SignedDuration;

use super::rules::{antibody, crossmatch_given, need, proven, red, typed};
use super::*;
use crate::blood::{Antigen, Attribute, LabelGroup, Typing};
use crate::finding::{Reason, Rule, Severity};
use crate::issue::{Purpose, gate};
use crate::patient::NeedKind;
use crate::people::Role;
use crate::request::RequestEvent;
use crate::sample::SampleEvent;
use crate::unit::Hold;

type Spoil = Box<dyn Fn() -> Scene>;

/// Each rule that stops an ordinary issue, with the one thing that is wrong.
fn stops() -> Vec<(Rule, Spoil)> {
    fn case(rule: Rule, spoil: impl Fn() -> Scene + 'static) -> (Rule, Spoil) {
        (rule, Box::new(spoil))
    }
    fn changed(patient: &'static str, unit: &'static str, change: fn(&mut Scene)) -> Spoil {
        Box::new(move || {
            let mut scene = proven(patient, unit);
            change(&mut scene);
            scene
        })
    }
    vec![
        (Rule::AboIncompatible, changed("O+", "A+", |_| {})),
        (
            Rule::UnitExpired,
            changed("A+", "A+", |scene| {
                // Only the bag's own date passes: sample, crossmatch and screen are stretched.
                scene.trial.given(UnitEvent::Modified {
                    modification: crate::policy::Modification::Irradiate,
                    parents: vec![scene.unit],
                    children: vec![crate::unit::Child {
                        unit: scene.unit,
                        group: LabelGroup::parse("A+").unwrap(),
                        component: Component::RedCells,
                        attributes: Default::default(),
                        amount: scene.trial.hospital.units.get(&scene.unit).unwrap().amount,
                        volume: crate::blood::Millilitres(200),
                        expires: scene.trial.at,
                    }],
                    second: None,
                });
            }),
        ),
        (
            Rule::UnitQuarantined,
            changed("A+", "A+", |scene| {
                scene.trial.given(UnitEvent::Held {
                    unit: scene.unit,
                    hold: Hold::Temperature,
                    note: String::new(),
                });
            }),
        ),
        (
            Rule::UnitTransition,
            changed("A+", "A+", |scene| {
                scene.trial.given(UnitEvent::Recalled {
                    din: scene.unit.din,
                    units: vec![scene.unit],
                    beyond: Vec::new(),
                    reason: "donor".into(),
                    reference: "N-1".into(),
                });
            }),
        ),
        (
            Rule::UnitReservedElsewhere,
            changed("A+", "A+", |scene| {
                scene.trial.given(UnitEvent::Reserved {
                    unit: scene.unit,
                    request: RequestId(77),
                    patient: PatientId(77),
                    until: scene.trial.minutes(60),
                    chosen: None,
                });
            }),
        ),
        case(Rule::UnitGroupUnconfirmed, || {
            let mut scene = red("A+", "A+");
            scene.unit = scene.trial.bag(9, Component::RedCells, "A+");
            scene.trial.given(UnitEvent::HoldLifted {
                unit: scene.unit,
                hold: Hold::AwaitingRegroup,
                note: String::new(),
                second: None,
            });
            crossmatch_given(&mut scene, crate::crossmatch::Outcome::Compatible);
            scene
        }),
        case(Rule::UnitLocked, || {
            let mut scene = red("A+", "A+");
            let mut delivery = scene.trial.delivery(9, Component::RedCells, "A+");
            delivery.locked_to = Some(scene.trial.patient(2));
            scene.unit = delivery.unit;
            scene
                .trial
                .run(by("technologist").with("technologist2"), delivery);
            scene.trial.given(UnitEvent::GroupConfirmed {
                unit: scene.unit,
                test: TestId(1),
            });
            crossmatch_given(&mut scene, crate::crossmatch::Outcome::Compatible);
            scene
        }),
        (
            Rule::PatientMerged,
            changed("A+", "A+", |scene| {
                let into = scene.trial.patient(2);
                scene.trial.given(PatientEvent::Merged {
                    from: scene.patient,
                    into,
                    reason: "twice".into(),
                });
            }),
        ),
        case(Rule::PatientGroupSingle, || {
            let mut trial = Trial::with_card();
            let patient = trial.patient(1);
            trial.grouped(patient, "S2", "A+");
            let screen = reaction(
                &trial,
                TestKind::Screen,
                Material::Sample(sample_id("S2")),
                "A+",
            );
            trial.tested(screen);
            trial.given(PatientEvent::ConsentRecorded {
                patient,
                signed: trial.at,
                reference: "C-1".into(),
            });
            let mut scene = Scene::bare(trial, patient, Component::RedCells, Urgency::Routine);
            scene.unit = scene.stock(1, Component::RedCells, "A+");
            crossmatch_given(&mut scene, crate::crossmatch::Outcome::Compatible);
            scene
        }),
        (
            Rule::AntigenPositive,
            changed("A+", "A+", |scene| {
                antibody(scene, Antigen::BigE);
                typed(scene, Antigen::BigE, Typing::Positive);
            }),
        ),
        (
            Rule::AntigenUntyped,
            changed("A+", "A+", |scene| {
                antibody(scene, Antigen::Jka);
            }),
        ),
        (Rule::RhdForbidden, changed("A-", "A+", |_| {})),
        (
            Rule::NeedNotMet,
            changed("A+", "A+", |scene| {
                need(scene, NeedKind::Attribute(Attribute::Irradiated));
            }),
        ),
        (
            Rule::NeedNotMet,
            changed("A+", "A+", |scene| {
                need(scene, NeedKind::Lacks(Antigen::BigK));
            }),
        ),
        case(Rule::CrossmatchMissing, || red("A+", "A+")),
        (
            Rule::CrossmatchIncompatible,
            changed("A+", "A+", |scene| {
                crossmatch_given(scene, crate::crossmatch::Outcome::Incompatible);
            }),
        ),
        case(Rule::CrossmatchUnreviewed, || {
            let mut scene = red("A+", "A+");
            scene.reserve();
            scene.record(scene.reading(Grade::Negative, Grade::Negative));
            scene
        }),
        (
            Rule::RequestClosed,
            changed("A+", "A+", |scene| {
                scene.trial.given(RequestEvent::Cancelled {
                    request: scene.request,
                    reason: "no longer".into(),
                });
            }),
        ),
        (
            Rule::RequestComponent,
            changed("A+", "A+", |scene| {
                let order = order(Component::WholeBlood, Urgency::Routine, &scene.trial);
                scene.trial.given(RequestEvent::Amended {
                    request: scene.request,
                    order,
                    reason: "other".into(),
                });
            }),
        ),
        case(Rule::ScreenMissing, || {
            let mut scene = proven("A+", "A+");
            let screens: Vec<TestId> = scene
                .trial
                .hospital
                .tests
                .iter()
                .filter(|test| test.kind == TestKind::Screen)
                .map(|test| test.id)
                .collect();
            for test in screens {
                scene.trial.given(crate::testing::TestEvent::Invalidated {
                    test,
                    material: Material::Sample(sample_id("S2")),
                    reason: "wrong lot".into(),
                });
            }
            scene
        }),
        case(Rule::ScreenPositive, || {
            let mut scene = proven("A+", "A+");
            let mut screen = reaction(
                &scene.trial,
                TestKind::Screen,
                Material::Sample(sample_id("S2")),
                "A+",
            );
            screen.readings = crate::testkit::wells("screen_1=0 screen_2=2 screen_3=0");
            scene.trial.tested(screen);
            scene
        }),
    ]
}

#[test]
fn each_rule_stops_alone_and_no_role_with_any_reason_gets_past_it() {
    for (rule, spoil) in stops() {
        let scene = spoil();
        assert_eq!(scene.refused(), [rule.code()], "{rule:?} alone");
        assert_eq!(rule.severity(), Severity::Stop);
        for role in Role::ALL {
            let mut who = by(role.as_str()).with("senior2");
            who.reasons = Rule::ALL
                .iter()
                .map(|rule| Reason {
                    rule: *rule,
                    text: "患者危重，主任同意".into(),
                })
                .collect();
            let command = scene.hand_over(None);
            assert!(
                scene.trial.decide(&who, command).is_err(),
                "{rule:?} by {role:?}"
            );
        }
    }
}

#[test]
fn what_expires_stops_when_its_time_has_come_and_not_before() {
    let mut scene = proven("A+", "A+");
    let sample = scene.trial.hospital.samples.get(&sample_id("S2")).unwrap();
    let expires = sample.expires;
    let findings = |at| {
        gate(
            &scene.trial.hospital,
            &scene.unit,
            scene.request,
            Purpose::Issue,
            at,
        )
    };
    let rules = |at| -> Vec<Rule> { findings(at).iter().map(|finding| finding.rule).collect() };
    let second = SignedDuration::from_secs(1);
    assert_eq!(rules(scene.trial.at), []);
    assert!(!rules(expires.checked_sub(second).unwrap()).contains(&Rule::SampleExpired));
    assert!(rules(expires).contains(&Rule::SampleExpired));
    let crossmatch = scene.trial.minutes(1440);
    assert_eq!(rules(crossmatch.checked_sub(second).unwrap()), []);
    assert_eq!(rules(crossmatch), [Rule::CrossmatchExpired]);
    scene.trial.given(SampleEvent::Ended {
        sample: sample_id("S2"),
        reason: "used up".into(),
    });
    scene.trial.given(SampleEvent::Ended {
        sample: sample_id("S1"),
        reason: "used up".into(),
    });
    assert_eq!(
        scene.refused(),
        ["crossmatch-expired", "sample-missing", "screen-missing"]
    );
}
