//! kill -9 while an analyser speaks: what it was told to forget is in the journal, once, and becomes a message like any other.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use lifeline_core::device::{DeviceEvent, MessageState, Raw};
use lifeline_core::event::Event;
use lifeline_journal::{
    Check, Journal, JournalError,
    testing::{TestFolder, TestPostgres},
};
use lifeline_server::desk::{decode, replay_state};
use lifeline_wire::astm::lis1::{ACK, ENQ, EOT, split};
use serde_json::json;
use uuid::Uuid;

use crate::server::{Server, init, settled};

/// Kills on each database, unless `LIFELINE_KILLS` says how many there are altogether.
const KILLS: u64 = 8;
/// Far longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// Characters of a frame.
const FRAME: usize = 240;

fn kills() -> u64 {
    std::env::var("LIFELINE_KILLS").map_or(KILLS, |all| all.parse::<u64>().unwrap().div_ceil(2))
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

#[test]
fn killed_on_sqlite_it_keeps_every_acknowledged_message_once() {
    let folder = TestFolder::new().unwrap();
    killed_while_a_device_speaks(&folder.sqlite_url());
}

#[test]
fn killed_on_postgres_it_keeps_every_acknowledged_message_once() {
    let server = TestPostgres::start().unwrap();
    killed_while_a_device_speaks(&server.url("postgres"));
}

/// A message of several frames that no other is like.
fn message(number: u64) -> Vec<u8> {
    let mut text = String::from("H|\\^&|||Echo|||||LIS||P|LIS2-A2|20261122100000\rP|1\r");
    text += &format!("O|1|K{number:06}||^^^ABOD Full|R||||||N||||Blood^Patient\r");
    for n in 1..=6 {
        text +=
            &format!("R|{n}|^^^Anti-A|4+^4+^95||||F||brentp|20261122095000|20261122095500|M0002\r");
    }
    text += "L|1|N\r";
    text.into_bytes()
}

/// An analyser that stops exactly where it is told to.
struct Sender(TcpStream);

impl Sender {
    fn call(address: SocketAddr) -> Self {
        let start = Instant::now();
        loop {
            match TcpStream::connect(address) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    stream.set_nodelay(true).unwrap();
                    return Self(stream);
                }
                Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn say(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.write_all(bytes)
    }

    fn acknowledged(&mut self) -> Result<()> {
        let mut answer = [0];
        self.0.read_exact(&mut answer)?;
        if answer == [ACK] {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::InvalidData, format!("{answer:?}")))
        }
    }

    /// Sends frames and waits for each acknowledgement; the last frames are held back, the very last perhaps not waited for.
    fn frames(&mut self, text: &[u8], hold_back: usize, wait_for_last: bool) -> Result<()> {
        let frames = split(text, FRAME);
        assert!(frames.len() > 2, "a message of several frames");
        self.say(&[ENQ])?;
        self.acknowledged()?;
        let sent = frames.len() - hold_back;
        for (n, frame) in frames.iter().take(sent).enumerate() {
            self.say(frame)?;
            if n + 1 < sent || wait_for_last {
                self.acknowledged()?;
            }
        }
        Ok(())
    }

    fn whole(&mut self, text: &[u8]) -> Result<()> {
        self.frames(text, 0, true)?;
        self.say(&[EOT])
    }
}

fn killed_while_a_device_speaks(database: &str) {
    init(database);
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let folder = TestFolder::new().unwrap();
    let config = folder.path().join("lifeline.toml");
    let text = format!(
        "[link.echo]\ndevice = \"echo-1\"\nprofile = \"immucor-echo\"\nlisten = \"{free}\"\n"
    );
    std::fs::write(&config, text).unwrap();
    {
        let server = Server::start(database, "one");
        let register = json!({"register-device": {
            "device": "echo-1", "name": "Echo", "profile": "immucor-echo", "serial": "M0002",
        }});
        let answer = server.caller().send(Uuid::now_v7(), &register).unwrap();
        assert_eq!(answer.0, 200, "{}", answer.1);
    }
    let mut number = 0;
    // What the device still has to send, because nobody acknowledged its last frame.
    let mut owed: Option<u64> = None;
    for kill in 0..kills() {
        let mut server = Server::configured(database, "one", Some(&config));
        let mut sender = Sender::call(free);
        if let Some(again) = owed.take() {
            sender.whole(&message(again)).unwrap();
        }
        for _ in 0..kill % 3 {
            number += 1;
            sender.whole(&message(number)).unwrap();
        }
        number += 1;
        let text = message(number);
        match kill % 4 {
            // In the middle of a message: a frame was acknowledged, the message was not.
            0 => {
                sender.frames(&text, 2, true).unwrap();
                owed = Some(number);
            }
            // The last frame is out, its acknowledgement on the way or not.
            1 => {
                sender.frames(&text, 0, false).unwrap();
                owed = Some(number);
            }
            // Acknowledged: the device forgets it. It has not even said that its transfer ends.
            2 => sender.frames(&text, 0, true).unwrap(),
            // The same, with the end of the transfer: filing is under way.
            _ => sender.whole(&text).unwrap(),
        }
        server.kill();
        block_on(async {
            settled(&Journal::open(database).await.unwrap()).await;
            check(database, number, owed, false).await
        });
    }
    let _server = Server::configured(database, "one", Some(&config));
    if let Some(again) = owed {
        Sender::call(free).whole(&message(again)).unwrap();
    }
    let start = Instant::now();
    while !block_on(check(database, number, None, true)) {
        assert!(
            start.elapsed() < PATIENCE,
            "what was stored is not acted on"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Every message but the one that is owed is there, none twice. Whether all were acted on.
async fn check(database: &str, sent: u64, owed: Option<u64>, settled: bool) -> bool {
    let journal = Journal::open(database).await.unwrap();
    let report = journal.verify(|_| ()).await.unwrap();
    assert!(report.is_sound(), "{report:?}");
    let mut stored: HashMap<Vec<u8>, u64> = HashMap::new();
    journal
        .replay(1, Check::Chain, |entry| {
            if let (_, Event::Device(DeviceEvent::MessageStored { raw, .. })) =
                decode(&entry).unwrap()
            {
                let Raw::Text(text) = raw else {
                    panic!("{raw:?}")
                };
                *stored.entry(text.into_bytes()).or_default() += 1;
            }
            Ok::<(), JournalError>(())
        })
        .await
        .unwrap();
    for number in 1..=sent {
        let times = stored.remove(&message(number)).unwrap_or_default();
        if owed == Some(number) {
            assert!(times <= 1, "message {number} stored {times} times");
        } else {
            assert_eq!(times, 1, "message {number}");
        }
    }
    let strange: Vec<String> = stored
        .into_keys()
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect();
    // Nothing was made of half a message either: this profile stores at its end.
    assert_eq!(strange, Vec::<String>::new());
    let hospital = replay_state(&journal).await.unwrap();
    let waiting = hospital.devices.waiting().count();
    if settled && waiting == 0 {
        assert!(
            hospital
                .devices
                .messages()
                .all(|message| matches!(message.state, MessageState::Failed(_))),
            "their samples are unknown here, so every one waits in the error queue"
        );
    }
    waiting == 0
}
