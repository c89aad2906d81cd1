//! LIS01 conformance with a fake clock: the rules 1.1 to 1.15 of the instrument notes, one case each.

use std::time::Duration;

use lifeline_wire::astm::lis1::{
    ACK, Abandon, Action, Check, Config, ENQ, EOT, ETX, Framing, Link, NAK, Notice, QueueError,
    STX, SendFailure, SendId, StorePoint, Timers, build, checksum, split,
};

mod receiver;
mod sender;

/// A link with a clock and a memory of what it sent.
struct Bench {
    link: Link,
    now: Duration,
    events: Vec<Action>,
    auto_store: bool,
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Bench {
    fn new(link: Link) -> Self {
        Self {
            link,
            now: s(1000),
            events: Vec::new(),
            auto_store: true,
        }
    }
    fn host() -> Self {
        Self::new(Link::host(Config::default()))
    }
    fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        Self::new(Link::host(config))
    }
    fn run(&mut self, actions: Vec<Action>) -> Vec<u8> {
        let mut sent = Vec::new();
        let mut queue: std::collections::VecDeque<Action> = actions.into();
        while let Some(action) = queue.pop_front() {
            match &action {
                Action::Send(bytes) => sent.extend_from_slice(bytes),
                Action::Store { id, .. } if self.auto_store => {
                    queue.extend(self.link.stored(*id, self.now));
                }
                _ => {}
            }
            self.events.push(action);
        }
        sent
    }
    /// Feeds bytes, returns what the link sends.
    fn feed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let actions = self.link.feed(bytes, self.now);
        self.run(actions)
    }
    fn wait(&mut self, d: Duration) -> Vec<u8> {
        self.now += d;
        let actions = self.link.tick(self.now);
        self.run(actions)
    }
    fn send(&mut self, id: u64, message: &[u8]) -> Vec<u8> {
        let actions = self.link.send(SendId(id), message, self.now).unwrap();
        self.run(actions)
    }
    fn received(&self) -> Vec<&[u8]> {
        self.events
            .iter()
            .filter_map(|a| match a {
                Action::Received { text, .. } => Some(text.as_slice()),
                _ => None,
            })
            .collect()
    }
    fn saw(&self, notice: Notice) -> bool {
        self.events.contains(&Action::Notice(notice))
    }
    fn abandoned(&self) -> Option<Abandon> {
        self.events.iter().rev().find_map(|a| match a {
            Action::Abandoned { reason, .. } => Some(*reason),
            _ => None,
        })
    }
    fn stores(&self) -> Vec<(usize, &[u8], bool)> {
        self.events
            .iter()
            .filter_map(|a| match a {
                Action::Store {
                    offset,
                    bytes,
                    ends_message,
                    ..
                } => Some((*offset, bytes.as_slice(), *ends_message)),
                _ => None,
            })
            .collect()
    }
}

const H: &[u8] = b"H|\\^&\r";
const L: &[u8] = b"L|1|N\r";
