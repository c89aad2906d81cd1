//! Controls from bytes on a socket to their verdict: ASTM by action code Q, HL7 by specimen role Q; and what cannot be one.

use std::collections::BTreeSet;
use std::time::Duration;

use lifeline_core::SignedDuration;
use lifeline_core::command::{Command, Initialise};
use lifeline_core::device::{MessageState, Problem, RegisterDevice};
use lifeline_core::finding::Rule;
use lifeline_core::id::{ControlCode, DeviceId, LotId};
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::policy::{Key, Value};
use lifeline_core::quality::{Basis, ControlRun, Place, PlaceRule, SetTarget, Shown, Verdict};
use lifeline_core::testing::{LotKind, OpenLot, Origin, ReceiveLot};
use lifeline_qc::Decimal;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Outcome, Submission};
use lifeline_server::links::{Inbox, Instrument, LinkConfig, OpenLink, Profiles, open, replay};
use lifeline_wire::astm::lis1::Config;
use lifeline_wire::profile::Profile;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Folder, bench, desk, start, user};

pub(crate) async fn accepted(desk: &Desk, actor: &str, command: impl Into<Command>) {
    let submission = Submission::new(command.into(), user(actor), bench());
    let outcome = desk.submit(submission).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

/// A department with one machine of a profile and the control material `QC-1`. On the machine the plan also has the thromboelastogram.
pub(crate) async fn department(folder: &Folder, profile: &str) -> Desk {
    let desk = desk(folder, Clock::set_at(start())).await;
    let mut policies = lifeline_policy::builtin().unwrap();
    for entry in &mut policies {
        if let (Key::Controls, Value::Controls(controls)) = (entry.key, &mut entry.value) {
            for control in controls
                .iter_mut()
                .filter(|one| one.code.as_str() == "teg-r")
            {
                control.place = PlaceRule::Device(BTreeSet::from(["generic-hl7".into()]));
            }
        }
    }
    let begin = Initialise {
        policies,
        system: user("lifeline"),
        administrator: user("admin"),
        name: "管理员".into(),
        latin: "Administrator".into(),
    };
    desk.submit(Submission::new(begin, user("admin"), bench()))
        .await
        .unwrap();
    for (id, role) in [("tech", Role::Technologist), ("qian", Role::Quality)] {
        let hire = SaveUser {
            user: user(id),
            new: true,
            name: id.into(),
            latin: id.into(),
            roles: [role].into(),
            location: None,
        };
        accepted(&desk, "admin", hire).await;
    }
    let device = RegisterDevice {
        device: machine(),
        name: "分析仪".into(),
        profile: profile.into(),
        serial: "M0002".into(),
    };
    accepted(&desk, "admin", device).await;
    material(&desk, "QC-1").await;
    desk
}

pub(crate) fn machine() -> DeviceId {
    DeviceId::parse("machine").unwrap()
}

pub(crate) async fn material(desk: &Desk, id: &str) {
    let lot = LotId::parse(id).unwrap();
    let receive = ReceiveLot {
        lot: lot.clone(),
        kind: LotKind::Control,
        name: "质控品".into(),
        expires: start() + SignedDuration::from_hours(24 * 90),
        packs: 1,
    };
    accepted(desk, "tech", receive).await;
    accepted(desk, "tech", OpenLot { lot, until: None }).await;
    desk.clock().advance(SignedDuration::from_mins(30));
}

pub(crate) async fn link(desk: &Desk, profile: &str) -> OpenLink {
    let config = LinkConfig {
        device: machine(),
        profile: profile.into(),
        listen: Some(([127, 0, 0, 1], 0).into()),
        connect: None,
        serial: None,
        baud: 9600,
    };
    let profile = Profile::builtin(profile).unwrap().into();
    let inbox = Inbox::new(desk.clone(), user("lifeline"), "line", machine(), profile).unwrap();
    open(inbox, &config).await.unwrap()
}

pub(crate) async fn astm(link: &OpenLink, message: &str) {
    let mut instrument = Instrument::connect(link.address.unwrap(), Config::default())
        .await
        .unwrap();
    instrument.send(message.as_bytes()).await.unwrap();
}

/// Sends an MLLP frame and gives the answer.
pub(crate) async fn mllp(link: &OpenLink, message: &str) -> String {
    let mut line = TcpStream::connect(link.address.unwrap()).await.unwrap();
    let frame = format!("\x0b{message}\x1c\r");
    line.write_all(frame.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\x1c\r") {
        let mut some = [0; 512];
        let count = line.read(&mut some).await.unwrap();
        assert!(count > 0, "no answer");
        answer.extend_from_slice(&some[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// Waits until the last message is no longer merely stored.
pub(crate) async fn settled(desk: &Desk) -> MessageState {
    for _ in 0..300 {
        let state = desk.state();
        if let Some(message) = state.devices.messages().next_back()
            && message.state != MessageState::Stored
        {
            return message.state.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the message was not acted on");
}

pub(crate) async fn failed(desk: &Desk) -> Vec<Problem> {
    match settled(desk).await {
        MessageState::Failed(problems) => problems,
        other => panic!("{other:?}"),
    }
}

/// The newest run.
fn newest(desk: &Desk) -> ControlRun {
    desk.state()
        .quality
        .runs()
        .next_back()
        .map(|run| (**run).clone())
        .expect("a run")
}

/// An order of the Echo's group profile on a control tube.
fn order(number: u32, id: &str, wells: &[(&str, &str)]) -> String {
    let mut text = format!("O|{number}|{id}||^^^ABOD Full|R||||||Q||||Blood\r");
    for (index, (well, grade)) in (1..).zip(wells) {
        text.push_str(&format!(
            "R|{index}|^^^{well}|{grade}^{grade}^0|||||F||brentp||20261122110000|M0002\r"
        ));
    }
    text
}

const HEAD: &str = "H|\\^&|||Echo|||||LIS||P|LIS2-A2|20261122110500\rP|1\r";

fn levels(lot: &str, weak: &str) -> String {
    let a = [
        ("Anti-A", "4+"),
        ("Anti-B", "0"),
        ("Anti-D1", "4+"),
        ("Rh Ctrl", "0"),
        ("A1 Cells", "0"),
        ("B Cells", "4+"),
    ];
    let b = [
        ("Anti-A", "0"),
        ("Anti-B", "4+"),
        ("Anti-D1", "0"),
        ("Rh Ctrl", "0"),
        ("A1 Cells", "4+"),
        ("B Cells", "0"),
    ];
    // A machine runs the whole card on the weak control too.
    let w = [
        ("Anti-A", weak),
        ("Anti-B", "1+"),
        ("Anti-D1", "1+"),
        ("Rh Ctrl", "0"),
        ("A1 Cells", "0"),
        ("B Cells", "0"),
    ];
    [
        HEAD.to_owned(),
        order(1, &format!("a-pos/{lot}"), &a),
        order(2, &format!("b-neg/{lot}"), &b),
        order(3, &format!("weak/{lot}"), &w),
        "L|1|N\r".to_owned(),
    ]
    .concat()
}

#[tokio::test]
async fn an_astm_message_with_action_code_q_becomes_a_verdict() {
    let folder = Folder::new();
    let desk = department(&folder, "immucor-echo").await;
    let link = link(&desk, "immucor-echo").await;
    astm(&link, &levels("QC-1", "1+")).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    let run = newest(&desk);
    assert_eq!(run.verdict(), Verdict::Accepted);
    assert_eq!(run.control.as_str(), "analyser-group");
    assert_eq!(run.place, Place::Device(machine()));
    assert_eq!(run.levels.len(), 3);
    assert_eq!(run.ran, "2026-11-22T03:00:00Z".parse().unwrap());
    assert!(matches!(&run.origin, Origin::Device { operator: Some(who), .. } if who == "brentp"));
    assert_eq!(desk.state().tests.iter().count(), 0, "no patient's result");

    // The weak positive no longer reacts: out, and a case is open.
    let out = levels("QC-1", "0").replace("20261122110000", "20261122110800");
    astm(&link, &out).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    let run = newest(&desk);
    assert_eq!(run.verdict(), Verdict::Rejected);
    let state = desk.state();
    let case = state.quality.case(run.case.unwrap()).unwrap();
    assert_eq!(
        case.levels,
        BTreeSet::from([ControlCode::parse("weak").unwrap()])
    );
    assert_eq!(desk.journal().verify(|_| {}).await.unwrap().broken, None);
}

#[tokio::test]
async fn a_control_of_an_unknown_lot_waits_with_its_place_until_the_lot_is_there() {
    let folder = Folder::new();
    let desk = department(&folder, "immucor-echo").await;
    let link = link(&desk, "immucor-echo").await;
    let message = levels("QC-2", "1+");
    astm(&link, &message).await;
    let problems = failed(&desk).await;
    let places: Vec<usize> = message
        .match_indices("\rR|1|")
        .map(|(at, _)| at + 1)
        .collect();
    assert_eq!(
        problems
            .iter()
            .map(|problem| (problem.at as usize, problem.findings[0].rule))
            .collect::<Vec<_>>(),
        places
            .iter()
            .map(|at| (*at, Rule::LotUnusable))
            .collect::<Vec<_>>()
    );
    assert_eq!(desk.state().quality.runs().count(), 0);

    // Once the lot is taken in, the message is put right by reading it again.
    material(&desk, "QC-2").await;
    let waiting = desk.state().devices.failed().next().unwrap().id;
    let profiles = Profiles::default();
    let again = replay(
        &desk,
        &profiles,
        waiting,
        user("lifeline"),
        user("tech"),
        bench(),
    );
    again.await.unwrap();
    match settled(&desk).await {
        MessageState::Filed => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(newest(&desk).verdict(), Verdict::Accepted);
    assert_eq!(desk.state().quality.runs().count(), 1);
}

/// What is done to a good message.
type Spoil = fn(String) -> String;

#[tokio::test]
async fn what_no_control_can_be_is_said_in_the_queue_and_nothing_is_lost() {
    let cases: [(&str, Spoil, Rule); 4] = [
        (
            "a tube without lot and level",
            |text| text.replace("weak/QC-1", "0651439A"),
            Rule::BadValue,
        ),
        (
            "a level nobody planned",
            |text| text.replace("weak/QC-1", "strong/QC-1"),
            Rule::BadValue,
        ),
        (
            "a time in the future",
            |text| {
                let (head, tail) = text.split_at(text.find("O|3|").unwrap());
                head.to_owned() + &tail.replace("20261122110000", "20261122130000")
            },
            Rule::BadValue,
        ),
        (
            "a level missing",
            |text| text[..text.find("O|3|").unwrap()].to_owned() + "L|1|N\r",
            Rule::ControlLevelMissing,
        ),
    ];
    for (what, change, rule) in cases {
        let folder = Folder::new();
        let desk = department(&folder, "immucor-echo").await;
        let link = link(&desk, "immucor-echo").await;
        astm(&link, &change(levels("QC-1", "1+"))).await;
        let problems = failed(&desk).await;
        let found = problems
            .iter()
            .flat_map(|problem| &problem.findings)
            .any(|finding| finding.rule == rule);
        assert!(found, "{what}: {problems:?}");
        assert!(problems.iter().all(|problem| problem.at > 0), "{what}");
        assert_eq!(newest(&desk).levels.len(), 2, "{what}: the others stand");
    }
}

#[tokio::test]
async fn the_same_control_sent_twice_is_one_run() {
    let folder = Folder::new();
    let desk = department(&folder, "immucor-echo").await;
    let link = link(&desk, "immucor-echo").await;
    let message = levels("QC-1", "1+");
    astm(&link, &message).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    astm(&link, &message).await;
    // The same readings in a message of another time are no second run either.
    astm(&link, &message.replace("20261122110500", "20261122110501")).await;
    let problems = failed(&desk).await;
    assert_eq!(problems.len(), 3);
    assert!(
        problems
            .iter()
            .all(|problem| problem.findings[0].rule == Rule::AlreadyExists)
    );
    assert_eq!(desk.state().quality.runs().count(), 1);
}

/// A LAW message of one control: the specimen's role, its level, the lot of its material, what was measured.
pub(crate) fn law(role: &str, level: &str, lot: &str, value: &str, minute: u32) -> String {
    let inv = format!(
        "INV|TEG-QC^TEG control^99LAB|OK|CO{}{lot}\r",
        "|".repeat(13)
    );
    format!(
        "MSH|^~\\&|TEG||LIS||20261122110500||OUL^R22^OUL_R22|M{level}{minute}|P|2.5.1|||NE|AL\r\
         SPM|1|{level}&LAB||BLD^blood^HL70487|||||||{role}^^HL70369\r\
         SAC|||{level}\r{inv}\
         OBR||||teg-r^R time^99LAB\r\
         OBX|1|NM|R^R time^99LAB|1|{value}|min|||||F|||||lab||TEG-1|2026112211{minute:02}00\r"
    )
}

pub(crate) async fn target(desk: &Desk, level: &str, mean: &str) {
    let set = SetTarget {
        control: ControlCode::parse("teg-r").unwrap(),
        material: LotId::parse("QC-1").unwrap(),
        level: ControlCode::parse(level).unwrap(),
        mean: Decimal::parse(mean).unwrap(),
        sd: Decimal::parse("0.2").unwrap(),
        basis: Basis::Maker,
        values: 0,
        reason: "厂家靶值".into(),
    };
    accepted(desk, "qian", set).await;
}

#[tokio::test]
async fn an_hl7_specimen_of_role_q_becomes_a_verdict() {
    let folder = Folder::new();
    let desk = department(&folder, "generic-hl7").await;
    for (level, mean) in [("l1", "6.5"), ("l2", "2.4")] {
        target(&desk, level, mean).await;
    }
    desk.clock().advance(SignedDuration::from_mins(30));
    let link = link(&desk, "generic-hl7").await;
    let both = law("Q", "l1", "QC-1", "6.6", 21)
        + &law("Q", "l2", "QC-1", "2.3", 22)
            .split_once("SPM|1")
            .map(|(_, rest)| format!("SPM|2{rest}"))
            .unwrap();
    let answer = mllp(&link, &both).await;
    assert!(answer.contains("MSA|AA"), "{answer}");
    assert_eq!(settled(&desk).await, MessageState::Filed);
    let run = newest(&desk);
    assert_eq!(run.control.as_str(), "teg-r");
    assert_eq!(run.verdict(), Verdict::Accepted);
    let shown: Vec<(&str, &Shown, Option<&str>)> = run
        .levels
        .iter()
        .map(|level| (level.level.as_str(), &level.shown, level.z.as_deref()))
        .collect();
    let number = |text| Shown::Measured(Decimal::parse(text).unwrap());
    assert_eq!(
        shown,
        [
            ("l1", &number("6.6"), Some("0.50")),
            ("l2", &number("2.3"), Some("-0.50"))
        ]
    );
    assert!(
        run.levels
            .iter()
            .all(|level| level.material.as_str() == "QC-1")
    );

    // Beyond three standard deviations; the other level is missing, and that is said too.
    mllp(&link, &law("Q", "l1", "QC-1", "7.2", 25)).await;
    let problems = failed(&desk).await;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].findings[0].rule, Rule::ControlLevelMissing);
    assert_eq!(newest(&desk).verdict(), Verdict::Rejected);
    assert_eq!(desk.state().quality.open_cases().count(), 1);

    // A calibrator is no control.
    mllp(&link, &law("C", "l1", "QC-1", "6.5", 26)).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    assert_eq!(desk.state().quality.runs().count(), 2);
}

#[tokio::test]
async fn an_hl7_control_that_is_none_waits_in_the_queue() {
    let folder = Folder::new();
    let desk = department(&folder, "generic-hl7").await;
    let link = link(&desk, "generic-hl7").await;
    for (what, message, rule) in [
        (
            "no number",
            law("Q", "l1", "QC-1", "&lt;OFF&gt;", 1),
            Rule::BadValue,
        ),
        ("a bound", law("Q", "l1", "QC-1", ">90", 2), Rule::BadValue),
        (
            "an unknown lot",
            law("Q", "l1", "QC-9", "6.5", 3),
            Rule::LotUnusable,
        ),
        ("no lot", law("Q", "l1", "", "6.5", 4), Rule::BadValue),
        (
            "a test nobody plans a control for",
            law("Q", "l1", "QC-1", "6.5", 7).replace("teg-r^R time", "glucose^Glucose"),
            Rule::ControlUnplanned,
        ),
    ] {
        let answer = mllp(&link, &message).await;
        assert!(answer.contains("MSA|AA"), "{what}: it is stored: {answer}");
        let problems = failed(&desk).await;
        let found = problems
            .iter()
            .flat_map(|problem| &problem.findings)
            .any(|finding| finding.rule == rule);
        assert!(found, "{what}: {problems:?}");
        let at = message.find("OBX|").unwrap() as u64;
        assert!(problems.iter().all(|problem| problem.at == at), "{what}");
    }
    assert_eq!(desk.state().quality.runs().count(), 0);
}

#[tokio::test]
async fn a_captured_daily_control_is_charted_as_it_came() {
    let folder = Folder::new();
    let desk = department(&folder, "horiba-yumizen").await;
    material(&desk, "PX449L").await;
    let link = link(&desk, "horiba-yumizen").await;
    let captured =
        include_bytes!("../../../../tests/samples/messages/hem-horiba-yumizen-h550-qc.astm");
    // As if captured this morning: the lot was taken in today.
    let today = String::from_utf8_lossy(captured).replace("20240912070343", "20261122113500");
    astm(&link, &today).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    let state = desk.state();
    for (control, value) in [("hb-analyser", "6.0"), ("plt-analyser", "67")] {
        let run = state
            .quality
            .runs()
            .find(|run| run.control.as_str() == control)
            .unwrap();
        let [level] = run.levels.as_slice() else {
            panic!("{run:?}")
        };
        assert_eq!(
            (level.level.as_str(), level.material.as_str()),
            ("l1", "PX449L")
        );
        assert_eq!(level.shown, Shown::Measured(Decimal::parse(value).unwrap()));
        assert_eq!(level.verdict, Verdict::Establishing, "no target yet");
    }
}
