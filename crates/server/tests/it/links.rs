//! A captured analyser message over TCP becomes a verified group; what cannot be filed waits in the error queue.

use std::collections::BTreeMap;
use std::time::Duration;

use lifeline_core::blood::{Abo, RhD};
use lifeline_core::command::Command;
use lifeline_core::device::{
    MessageState, PARTS_MOST, Raw, RegisterDevice, StoreMessage, StorePart, Trouble,
};
use lifeline_core::finding::Rule;
use lifeline_core::id::{ControlCode, DeviceId, LotId, PatientId, PatientNumber, SampleId};
use lifeline_core::patient::{Demographics, NumberKind, RegisterPatient, Sex};
use lifeline_core::people::{Role, SaveUser};
use lifeline_core::quality::{Level, Place, Reads, RecordControlRun, RunDraft, Shown, control};
use lifeline_core::sample::ReceiveSample;
use lifeline_core::testing::{
    Interpretation, LotKind, OpenLot, Origin, Reading, ReceiveLot, TestKind, TestState, VerifyTest,
};
use lifeline_core::unit::Checked;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Desk, Outcome, Submission};
use lifeline_server::links::{
    Inbox, InboxError, Instrument, LineState, Lines, LinkConfig, OpenLink, ProfileError, Profiles,
    open, pick_up, replay,
};
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

/// The morning's group control on the Echo, in control.
async fn controls(desk: &Desk) {
    let material = LotId::parse("QC-1").unwrap();
    let receive = ReceiveLot {
        lot: material.clone(),
        kind: LotKind::Control,
        name: "质控品".into(),
        expires: start() + lifeline_core::SignedDuration::from_hours(24 * 90),
        packs: 4,
    };
    accepted(desk, "tech", receive).await;
    let open = OpenLot {
        lot: material.clone(),
        until: None,
    };
    accepted(desk, "tech", open).await;
    let state = desk.state();
    let code = ControlCode::parse("analyser-group").unwrap();
    let Reads::Graded(levels) = &control(&state, &code, start()).unwrap().reads else {
        panic!("no graded control")
    };
    let levels = levels.iter().map(|level| Level {
        level: level.level.clone(),
        material: material.clone(),
        shown: Shown::Graded(
            level
                .wells
                .iter()
                .map(|well| Reading {
                    well: well.well,
                    grade: well.grade,
                })
                .collect(),
        ),
    });
    let draft = RunDraft {
        control: code,
        place: Place::Device(DeviceId::parse("echo-1").unwrap()),
        lots: Default::default(),
        levels: levels.collect(),
        ran: start(),
        repeat: None,
    };
    accepted(desk, "tech", RecordControlRun { draft }).await;
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
    // As if captured this morning: a control must have stood when it was read.
    let today = String::from_utf8(ECHO.to_vec()).unwrap();
    let today = today
        .replace("20060306164429", "20261122104000")
        .into_bytes();
    play(&link, &today).await;
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

    let verify = VerifyTest {
        test: tests[0].id,
        version: 1,
    };
    let without = desk
        .submit(Submission::new(verify, user("tech"), bench()))
        .await
        .unwrap();
    assert!(
        matches!(&without, Outcome::Refused(refusal) if refusal.findings[0].rule == Rule::ControlUncovered),
        "{without:?}"
    );
    controls(&desk).await;
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

    play(&link, &today).await;
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
    replay(
        &desk,
        &Profiles::default(),
        message,
        user("lifeline"),
        user("tech"),
        bench(),
    )
    .await
    .unwrap();
    assert_eq!(settled(&desk).await, MessageState::Filed);
    assert_eq!(desk.state().tests.iter().count(), 2);
    replay(
        &desk,
        &Profiles::default(),
        message,
        user("lifeline"),
        user("tech"),
        bench(),
    )
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

/// Registers the Echo with another profile.
async fn with_profile(desk: &Desk, profile: &str) {
    let device = RegisterDevice {
        device: DeviceId::parse("echo-1").unwrap(),
        name: "Echo".into(),
        profile: profile.into(),
        serial: "M0002".into(),
    };
    accepted(desk, "admin", device).await;
}

async fn again(desk: &Desk, profiles: &Profiles) -> MessageState {
    let message = desk.state().devices.messages().next().unwrap().id;
    replay(
        desk,
        profiles,
        message,
        user("lifeline"),
        user("tech"),
        bench(),
    )
    .await
    .unwrap();
    desk.state().devices.message(message).unwrap().state.clone()
}

fn reasons(state: MessageState) -> Vec<Trouble> {
    match state {
        MessageState::Failed(problems) => {
            problems.into_iter().map(|problem| problem.reason).collect()
        }
        other => panic!("not in the error queue: {other:?}"),
    }
}

#[tokio::test]
async fn a_message_without_a_readable_profile_never_counts_as_filed() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    sample(&desk).await;
    inbox(&desk).store(ECHO).await.unwrap();
    with_profile(&desk, "no-such-profile").await;
    let none = Profiles::default();
    let missing = Trouble::NoProfile {
        profile: "no-such-profile".into(),
    };
    assert_eq!(
        reasons(again(&desk, &none).await),
        std::slice::from_ref(&missing)
    );
    assert_eq!(
        reasons(again(&desk, &none).await),
        [missing],
        "and keeps its reason when it is read again"
    );
    assert_eq!(desk.state().tests.iter().count(), 0);
    with_profile(&desk, "immucor-echo").await;
    assert_eq!(again(&desk, &none).await, MessageState::Filed);
    assert_eq!(desk.state().tests.iter().count(), 2);
}

#[tokio::test]
async fn stored_bytes_that_cannot_be_read_back_are_an_error() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    let stored = StoreMessage {
        device: Some(DeviceId::parse("echo-1").unwrap()),
        link: "echo".into(),
        raw: Raw::Base64("no base64 at all!".into()),
        fingerprint: "f".into(),
        length: 12,
    };
    accepted(&desk, "lifeline", stored).await;
    let message = desk.state().devices.messages().next().unwrap().id;
    let read = lifeline_server::links::bytes_of(&desk, message).await;
    assert!(matches!(read, Err(InboxError::NoBytes(id)) if id == message));
    let picked = pick_up(&desk, &[inbox(&desk)]).await;
    assert!(
        matches!(picked, Err(InboxError::NoBytes(_))),
        "never filed as empty"
    );
    assert_eq!(
        desk.state().devices.message(message).unwrap().state,
        MessageState::Stored
    );
}

#[tokio::test]
async fn a_profile_is_a_name_within_the_folder_and_never_a_path() {
    let folder = Folder::new();
    let own = folder.0.join("profiles");
    std::fs::create_dir(&own).unwrap();
    let text = include_str!("../../../../drivers/immucor-echo.toml");
    let ours = text.replace("name = \"immucor-echo\"", "name = \"our-echo\"");
    std::fs::write(own.join("our-echo.toml"), &ours).unwrap();
    std::fs::write(folder.0.join("outside.toml"), &ours).unwrap();
    let profiles = Profiles::new(Some(own.clone()));
    assert!(profiles.get("our-echo").is_ok());
    assert!(profiles.names().contains(&"our-echo".to_owned()));
    let whole = folder.0.join("outside").display().to_string();
    for path in ["../outside", "..", "", "a/b", "our-echo.toml", &whole] {
        assert!(
            matches!(profiles.get(path), Err(ProfileError::Name)),
            "{path}"
        );
    }
    assert!(matches!(
        profiles.get("outside"),
        Err(ProfileError::File { .. })
    ));
    assert!(matches!(
        Profiles::default().get("our-echo"),
        Err(ProfileError::NoFolder)
    ));

    // The same through a device of the hospital: whoever edits it cannot make the server read a file.
    let desk = department(&folder).await;
    sample(&desk).await;
    inbox(&desk).store(ECHO).await.unwrap();
    with_profile(&desk, &whole).await;
    assert!(matches!(
        reasons(again(&desk, &profiles).await)[..],
        [Trouble::NoProfile { .. }]
    ));
    with_profile(&desk, "our-echo").await;
    assert_eq!(again(&desk, &profiles).await, MessageState::Filed);
}

#[tokio::test]
async fn parts_without_an_end_become_a_message_before_they_are_too_many() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    let inbox = inbox(&desk);
    let waiting = |desk: &Desk| {
        let state = desk.state();
        state
            .devices
            .parts()
            .map(|(_, parts)| parts.len())
            .sum::<usize>()
    };
    for _ in 0..PARTS_MOST {
        inbox.store_part(b"H").await.unwrap();
    }
    assert_eq!(waiting(&desk), PARTS_MOST);
    let part = StorePart {
        link: "echo".into(),
        raw: Raw::Text("H".into()),
    };
    let refused = Submission::new(part, user("lifeline"), bench());
    assert!(matches!(
        desk.submit(refused).await,
        Ok(Outcome::Refused(_))
    ));
    inbox.store_part(b"more").await.unwrap();
    assert_eq!(waiting(&desk), 1, "it begins anew");
    let state = desk.state();
    let message = state.devices.messages().next().unwrap();
    assert!(matches!(message.state, MessageState::Failed(_)));
    assert_eq!(
        message.length as usize, PARTS_MOST,
        "and nothing of it is lost"
    );
}

#[tokio::test]
async fn a_line_says_how_it_stands() {
    let folder = Folder::new();
    let desk = department(&folder).await;
    let lines = Lines::default();
    let device = DeviceId::parse("echo-1").unwrap();
    let state = || lines.of(&device).first().map(|line| line.state.clone());
    let until = async |wanted: fn(&LineState) -> bool| {
        for _ in 0..500 {
            if state().as_ref().is_some_and(wanted) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", state());
    };
    let mut config = LinkConfig {
        device: device.clone(),
        profile: "immucor-echo".into(),
        listen: Some(([127, 0, 0, 1], 0).into()),
        connect: None,
        serial: None,
        baud: 9600,
    };
    let link = open(inbox(&desk).telling(&lines), &config).await.unwrap();
    let address = link.address.unwrap();
    until(|state| *state == LineState::Waiting).await;
    let instrument = Instrument::connect(address, Config::default())
        .await
        .unwrap();
    until(|state| *state == LineState::Up).await;
    drop(instrument);
    until(|state| *state == LineState::Waiting).await;
    assert!(
        lines.down().is_empty(),
        "a machine that hung up is no fault"
    );
    drop(link);
    assert_eq!(state(), None, "closed on purpose");

    // Nobody listens there any more, and we are the ones who call.
    config.listen = None;
    config.connect = Some(address);
    let _link = open(inbox(&desk).telling(&lines), &config).await.unwrap();
    until(|state| matches!(state, LineState::Down { .. })).await;
    assert_eq!(lines.down().len(), 1);
}
