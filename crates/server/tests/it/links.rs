//! A captured analyser message over TCP becomes a verified group; what cannot be filed waits in the error queue.

use std::collections::BTreeMap;
use std::time::Duration;

use lifeline_core::blood::{Abo, RhD};
use lifeline_core::command::Command;
use lifeline_core::device::{MessageState, RegisterDevice};
use lifeline_core::id::{DeviceId, PatientId, PatientNumber, SampleId};
use lifeline_core::patient::{Demographics, NumberKind, RegisterPatient, Sex};
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::sample::ReceiveSample;
use lifeline_core::testing::{Interpretation, Origin, TestKind, TestState, VerifyTest};
use lifeline_core::unit::Checked;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Outcome, Submission};
use lifeline_server::links::{Inbox, Instrument, LinkConfig, OpenLink, open, pick_up, replay};
use lifeline_wire::astm::lis1::Config;
use lifeline_wire::profile::Profile;

use crate::support::{Folder, bench, desk, initialise, start, user};

const ECHO: &[u8] =
    include_bytes!("../../../../tests/samples/messages/bg-immucor-echo-abod-screen.astm");

async fn accepted(desk: &Desk, actor: &str, command: impl Into<Command>) {
    let command = command.into();
    let outcome = desk
        .submit(Submission::new(command, user(actor), bench()))
        .await
        .unwrap();
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

/// A desk with a technologist, an Echo, and its link.
async fn department(folder: &Folder) -> Desk {
    let desk = desk(folder, Clock::set_at(start())).await;
    desk.submit(initialise()).await.unwrap();
    let hire = |id: &str, role| SaveUser {
        user: user(id),
        new: true,
        name: id.into(),
        latin: id.into(),
        roles: [role].into(),
        location: None,
    };
    accepted(&desk, "admin", hire("tech", Role::Technologist)).await;
    let device = RegisterDevice {
        device: DeviceId::parse("echo-1").unwrap(),
        name: "Echo".into(),
        profile: "immucor-echo".into(),
        serial: "M0002".into(),
    };
    accepted(&desk, "admin", device).await;
    desk
}

fn inbox(desk: &Desk) -> Inbox {
    let profile = Profile::builtin("immucor-echo").unwrap().into();
    Inbox::new(
        desk.clone(),
        user("lifeline"),
        "echo",
        DeviceId::parse("echo-1").unwrap(),
        profile,
    )
    .unwrap()
}

async fn link(desk: &Desk) -> OpenLink {
    let config = LinkConfig {
        device: DeviceId::parse("echo-1").unwrap(),
        profile: "immucor-echo".into(),
        listen: Some(([127, 0, 0, 1], 0).into()),
        connect: None,
        serial: None,
        baud: 9600,
    };
    open(inbox(desk), &config).await.unwrap()
}

async fn sample(desk: &Desk) {
    let patient = RegisterPatient {
        numbers: BTreeMap::from([(
            PatientNumber::parse("1171984").unwrap(),
            NumberKind::Hospital,
        )]),
        demographics: Demographics {
            name: "测试".into(),
            sex: Sex::Male,
            birth: Some("1959-04-22".parse().unwrap()),
            ward: None,
            bed: None,
            address: None,
            phone: None,
            diagnosis: None,
        },
        unidentified: false,
    };
    accepted(desk, "tech", patient).await;
    let sample = ReceiveSample {
        sample: SampleId::parse("0651439A").unwrap(),
        patient: PatientId(1),
        request: None,
        drawn: start() - lifeline_core::SignedDuration::from_mins(30),
        drawn_by: "he".into(),
        identity: Checked::Good,
        stored: None,
    };
    accepted(desk, "tech", sample).await;
}

async fn play(link: &OpenLink, message: &[u8]) {
    let mut instrument = Instrument::connect(link.address.unwrap(), Config::default())
        .await
        .unwrap();
    instrument.send(message).await.unwrap();
}

/// Waits until the last message is no longer merely stored.
async fn settled(desk: &Desk) -> MessageState {
    for _ in 0..200 {
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

#[tokio::test]
async fn a_captured_message_becomes_a_verified_group() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    sample(&desk).await;
    let link = link(&desk).await;
    play(&link, ECHO).await;
    assert_eq!(settled(&desk).await, MessageState::Filed);
    let state = desk.state();
    let tests: Vec<_> = state.tests.iter().collect();
    assert_eq!(
        tests.iter().map(|test| test.kind).collect::<Vec<_>>(),
        [TestKind::Group, TestKind::Screen]
    );
    let group = tests[0].latest().unwrap();
    assert_eq!(
        group.interpretation,
        Interpretation::Group {
            abo: Some(Abo::B),
            rhd: Some(RhD::Positive)
        }
    );
    assert!(
        matches!(&group.origin, Origin::Device { edited: false, operator: Some(who), .. } if who == "brentp")
    );
    assert_eq!(
        tests[0].state,
        TestState::Entered,
        "nothing verifies itself"
    );

    accepted(
        &desk,
        "tech",
        VerifyTest {
            test: tests[0].id,
            version: 1,
        },
    )
    .await;
    let state = desk.state();
    let group = state.record_of(PatientId(1)).unwrap().group(start());
    assert_eq!(group.group().unwrap().to_string(), "B+");

    play(&link, ECHO).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(
        desk.state().tests.iter().count(),
        2,
        "the same message again makes no second result"
    );
    assert_eq!(desk.journal().verify(|_| {}).await.unwrap().broken, None);
}

#[tokio::test]
async fn what_names_nobody_waits_in_the_error_queue_until_it_can_be_filed() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    let link = link(&desk).await;
    play(&link, ECHO).await;
    let MessageState::Failed(problems) = settled(&desk).await else {
        panic!("filed without a sample")
    };
    assert!(
        problems.iter().all(|problem| problem.at > 0),
        "{problems:?}"
    );
    sample(&desk).await;
    let message = desk.state().devices.failed().next().unwrap().id;
    replay(&desk, message, user("lifeline"), user("tech"), bench())
        .await
        .unwrap();
    assert_eq!(settled(&desk).await, MessageState::Filed);
    assert_eq!(desk.state().tests.iter().count(), 2);
    replay(&desk, message, user("lifeline"), user("tech"), bench())
        .await
        .unwrap();
    assert_eq!(
        desk.state().tests.iter().count(),
        2,
        "filing twice makes nothing twice"
    );
}

#[tokio::test]
async fn what_was_stored_before_a_crash_is_filed_at_the_next_start() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    sample(&desk).await;
    let inbox = inbox(&desk);
    inbox.store(ECHO).await.unwrap();
    assert_eq!(desk.state().devices.waiting().count(), 1);
    pick_up(&desk, std::slice::from_ref(&inbox)).await.unwrap();
    assert_eq!(settled(&desk).await, MessageState::Filed);

    let (first, second) = ECHO.split_at(300);
    let later = [first, b"x".as_slice(), second].concat();
    inbox.store_part(&later[..300]).await.unwrap();
    inbox.store_part(&later[300..]).await.unwrap();
    pick_up(&desk, std::slice::from_ref(&inbox)).await.unwrap();
    assert!(
        matches!(settled(&desk).await, MessageState::Failed(_)),
        "damaged, but not lost"
    );
    let message = desk.state().devices.failed().next().unwrap().id;
    assert_eq!(
        lifeline_server::links::bytes_of(&desk, message)
            .await
            .unwrap(),
        later
    );
}

#[tokio::test]
async fn a_query_is_answered_with_the_work_that_is_due() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    sample(&desk).await;
    let link = link(&desk).await;
    let mut instrument = Instrument::connect(link.address.unwrap(), Config::default())
        .await
        .unwrap();
    instrument
        .send(b"H|\\^&|||Echo|||||LIS||P|LIS2-A2|20261122100000\rQ|1|^0651439A||ALL\rL|1|N\r")
        .await
        .unwrap();
    let answer = instrument.receive(Duration::from_secs(5)).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(
        answer.contains("ABOD Full") && answer.contains("Screen"),
        "{answer}"
    );
}
