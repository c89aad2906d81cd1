//! A patient's measured value from bytes on a socket to its verification under the controls of the same line; and what cannot be one.

use lifeline_core::SignedDuration;
use lifeline_core::device::{MessageState, Trouble};
use lifeline_core::finding::Rule;
use lifeline_core::id::{PatientId, PatientNumber, SampleId};
use lifeline_core::measured::{Flag, Measurement, VerifyMeasurement};
use lifeline_core::patient::{Demographics, NumberKind, RegisterPatient, Sex};
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::sample::ReceiveSample;
use lifeline_core::testing::{Origin, TestState};
use lifeline_core::unit::Checked;
use lifeline_server::desk::{Desk, Outcome, Submission};

use crate::controls::{
    accepted, astm, department, failed, law, link, machine, material, mllp, settled, target,
};
use crate::support::{Folder, bench, user};

/// A man with the tube `S1`.
async fn tube(desk: &Desk) {
    let register = RegisterPatient {
        numbers: [(PatientNumber::parse("H1").unwrap(), NumberKind::Hospital)].into(),
        demographics: Demographics {
            name: "张三".into(),
            sex: Sex::Male,
            birth: "1970-01-02".parse().ok(),
            ward: None,
            bed: None,
            address: None,
            phone: None,
            diagnosis: None,
        },
        unidentified: false,
    };
    accepted(desk, "tech", register).await;
    let receive = ReceiveSample {
        sample: SampleId::parse("S1").unwrap(),
        patient: PatientId(1),
        request: None,
        drawn: desk.clock().now() - SignedDuration::from_mins(40),
        drawn_by: "N01".into(),
        identity: Checked::Good,
        stored: None,
    };
    accepted(desk, "tech", receive).await;
}

fn measured(desk: &Desk) -> Vec<Measurement> {
    let state = desk.state();
    state
        .measurements
        .iter()
        .map(|one| (**one).clone())
        .collect()
}

async fn verify(desk: &Desk, actor: &str, one: &Measurement) -> Vec<Rule> {
    let command = VerifyMeasurement {
        measurement: one.id,
        version: 1,
    };
    let submission = Submission::new(command, user(actor), bench());
    match desk.submit(submission).await.unwrap() {
        Outcome::Accepted { .. } => Vec::new(),
        Outcome::Refused(refusal) => refusal.findings.iter().map(|found| found.rule).collect(),
    }
}

#[tokio::test]
async fn a_number_of_a_known_item_is_recorded_and_released_only_under_the_controls_of_its_machine()
{
    let folder = Folder::new();
    let desk = department(&folder, "generic-hl7").await;
    for (level, mean) in [("l1", "6.5"), ("l2", "2.4")] {
        target(&desk, level, mean).await;
    }
    desk.clock().advance(SignedDuration::from_mins(30));
    tube(&desk).await;
    let link = link(&desk, "generic-hl7").await;
    mllp(&link, &law("P", "S1", "KIT", "11.30", 25)).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    let [one] = measured(&desk).try_into().unwrap();
    let work = &one.latest().unwrap().work;
    assert_eq!(
        (work.value.to_string(), &*work.unit),
        ("11.30".into(), "min")
    );
    assert!(work.flags.contains(&Flag::High), "{:?}", work.flags);
    let message = desk.state().devices.messages().next_back().unwrap().clone();
    assert_eq!(message.measured, [one.id]);
    assert!(matches!(
        &work.origin,
        Origin::Device { device, message: from, edited: false, .. }
            if *device == machine() && *from == message.id
    ));
    assert_eq!(verify(&desk, "tech", &one).await, [Rule::ControlUncovered]);

    // The controls of the same machine, read moments before.
    let both = law("Q", "l1", "QC-1", "6.6", 21)
        + &law("Q", "l2", "QC-1", "2.3", 22)
            .split_once("SPM|1")
            .map(|(_, rest)| format!("SPM|2{rest}"))
            .unwrap();
    mllp(&link, &both).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    assert_eq!(verify(&desk, "tech", &one).await, []);
    assert_eq!(measured(&desk)[0].state, TestState::Verified);
}

#[tokio::test]
async fn what_is_no_final_number_of_a_known_item_in_its_unit_waits_with_its_place() {
    let folder = Folder::new();
    let desk = department(&folder, "generic-hl7").await;
    desk.clock().advance(SignedDuration::from_mins(30));
    tube(&desk).await;
    let link = link(&desk, "generic-hl7").await;
    let good = law("P", "S1", "KIT", "6.6", 25);
    for (message, rule) in [
        (good.replace("|min|", "|s|"), Rule::BadValue),
        (good.replace("|6.6|", "|clotted|"), Rule::BadValue),
        (
            good.replace("teg-r^R time", "glucose^Glucose"),
            Rule::AssayUnknown,
        ),
        (law("P", "S9", "KIT", "6.6", 26), Rule::SubjectUnmatched),
    ] {
        mllp(&link, &message).await;
        let problems = failed(&desk).await;
        let at = message.find("OBX|").unwrap() as u64;
        let [problem] = problems.as_slice() else {
            panic!("{problems:?}")
        };
        assert_eq!(problem.at, at);
        assert_eq!(problem.findings[0].rule, rule, "{problem:?}");
    }
    let early = good.replace("|min|||||F|", "|min|||||P|");
    mllp(&link, &early).await;
    let problems = failed(&desk).await;
    assert!(matches!(problems[0].reason, Trouble::NotFinal { .. }));
    assert_eq!(measured(&desk), []);
}

#[tokio::test]
async fn a_bound_from_a_blood_counter_stays_a_bound() {
    let folder = Folder::new();
    let desk = department(&folder, "horiba-yumizen").await;
    material(&desk, "PX449L").await;
    let hire = SaveUser {
        user: user("wang"),
        new: true,
        name: "wang".into(),
        latin: "wang".into(),
        roles: [Role::Technologist].into(),
        location: None,
    };
    accepted(&desk, "admin", hire).await;
    tube(&desk).await;
    let link = link(&desk, "horiba-yumizen").await;
    let text = "H|\\^&|||H550|||||LIS||P|LIS2-A2|20261122113000\rP|1\r\
        O|1|S1||^^^DIF|R||||||||||BLOOD\r\
        R|1|^^^HGB^718-7|4.9|g/dL|12.0-16.0^REFERENCE_RANGE|LL||F||LABOR^^USER||20261122112000\r\
        R|2|^^^PLT^777-3|<10|10E3/uL|150-400^REFERENCE_RANGE|LL||F||LABOR^^USER||20261122112000\r\
        R|3|^^^WBC^6690-2|7.1|10E3/uL|4-10^REFERENCE_RANGE|N||F||LABOR^^USER||20261122112000\r\
        L|1|N\r";
    astm(&link, text).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    let found = measured(&desk);
    let told: Vec<(String, bool)> = found
        .iter()
        .map(|one| {
            let work = &one.latest().unwrap().work;
            (
                format!("{} {} {}", one.assay, work.value, work.unit),
                work.flags.contains(&Flag::CriticalLow),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("hb-analyser 4.9 g/dL".to_owned(), true),
            ("plt-analyser <10 10^9/L".to_owned(), true)
        ]
    );
}
