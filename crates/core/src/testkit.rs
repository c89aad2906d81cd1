//! A hospital to try commands on: the policies the program comes with, one person of every role, and a few short words.

mod bench;
mod controls;

pub(crate) use bench::{reaction, sample_id, wells};
pub(crate) use controls::lot;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::blood::{Component, Din, LabelGroup, ProductCode, UnitId};
use crate::command::{Command, Context, Initialise, decide};
use crate::event::Event;
use crate::finding::{Finding, Reason, Refusal, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{LocationId, UserId};
use crate::people::{PeopleEvent, Role};
use crate::policy::Entry;
use crate::unit::{Appearance, Checked, EntryPath, ReceiptChecks, ReceiveUnit};

/// Who gives a command, with whom, and why past which warning.
#[derive(Clone)]
pub(crate) struct By {
    pub actor: UserId,
    pub second: Option<UserId>,
    pub reasons: Vec<Reason>,
}

/// A person by login. Every role has one whose login is the role's word, and one more, `technologist2`, `senior2`, ….
pub(crate) fn by(login: &str) -> By {
    By {
        actor: user(login),
        second: None,
        reasons: Vec::new(),
    }
}

impl By {
    /// Signed by a second person.
    pub(crate) fn with(mut self, login: &str) -> Self {
        self.second = Some(user(login));
        self
    }

    /// With a reason for going on past a warning.
    pub(crate) fn because(mut self, rule: Rule, text: &str) -> Self {
        self.reasons.push(Reason {
            rule,
            text: text.into(),
        });
        self
    }
}

/// A hospital and its clock.
#[derive(Clone)]
pub(crate) struct Trial {
    pub hospital: Hospital,
    /// Now.
    pub at: Timestamp,
    /// Every fact so far, in order.
    pub journal: Vec<(Stamp, Event)>,
}

impl Trial {
    /// A new installation on 2026-11-22, 08:00 in China, with everybody hired.
    pub(crate) fn new() -> Self {
        let mut trial = Self {
            hospital: Hospital::default(),
            at: "2026-11-22T00:00:00Z".parse().unwrap(),
            journal: Vec::new(),
        };
        // The policy crate links another build of this crate, so its entries come over as text.
        let policies = serde_json::to_value(lifeline_policy::builtin().unwrap()).unwrap();
        let policies: Vec<Entry> = serde_json::from_value(policies).unwrap();
        trial.run(
            by("system"),
            Initialise {
                policies,
                system: user("system"),
                administrator: user("administrator"),
                name: "管理员".into(),
                latin: "Administrator".into(),
            },
        );
        for role in Role::ALL {
            for suffix in ["", "2"] {
                let login = format!("{}{suffix}", role.as_str());
                if trial.hospital.people.contains_key(&user(&login)) {
                    continue;
                }
                trial.given(PeopleEvent::UserAdded {
                    user: user(&login),
                    name: login.clone(),
                    latin: login,
                    roles: BTreeSet::from([role]),
                    location: None,
                });
            }
        }
        trial
    }

    /// Lets time pass; where there is a bench, the controls that ran out meanwhile are run.
    pub(crate) fn pass(&mut self, span: SignedDuration) {
        self.wait(span);
        self.controls();
    }

    /// Lets time pass, and nobody runs a control.
    pub(crate) fn wait(&mut self, span: SignedDuration) {
        self.at = self.at.checked_add(span).unwrap();
    }

    /// Now and some minutes; negative for before.
    pub(crate) fn minutes(&self, minutes: i64) -> Timestamp {
        self.at
            .checked_add(SignedDuration::from_mins(minutes))
            .unwrap()
    }

    /// A fact that happened, whoever decided it.
    pub(crate) fn given(&mut self, event: impl Into<Event>) {
        self.record("system", vec![event.into()]);
    }

    /// What the command gives, without carrying it in.
    pub(crate) fn decide(
        &self,
        by: &By,
        command: impl Into<Command>,
    ) -> Result<Vec<Event>, Refusal> {
        let context = Context {
            second: by.second.clone(),
            reasons: by.reasons.clone(),
            ..Context::new(self.at, by.actor.clone())
        };
        decide(&self.hospital, &command.into(), &context)
    }

    /// Carries a command out. Fails the test with every finding when it is refused.
    #[track_caller]
    pub(crate) fn run(&mut self, by: By, command: impl Into<Command>) -> Vec<Event> {
        match self.decide(&by, command) {
            Ok(events) => {
                self.record(by.actor.as_str(), events.clone());
                events
            }
            Err(refusal) => panic!("refused: {:#?}", refusal.findings),
        }
    }

    /// The findings of a command that must be refused.
    #[track_caller]
    pub(crate) fn findings(&self, by: By, command: impl Into<Command>) -> Vec<Finding> {
        match self.decide(&by, command) {
            Ok(events) => panic!("accepted: {events:#?}"),
            Err(refusal) => refusal.findings,
        }
    }

    /// The rules that refuse a command, each once, sorted by code.
    #[track_caller]
    pub(crate) fn refused(&self, by: By, command: impl Into<Command>) -> Vec<&'static str> {
        let findings = self.findings(by, command);
        let codes: BTreeSet<_> = findings.iter().map(|finding| finding.rule.code()).collect();
        codes.into_iter().collect()
    }

    fn record(&mut self, actor: &str, events: Vec<Event>) {
        for event in events {
            let stamp = Stamp {
                seq: self.hospital.seq + 1,
                at: self.at,
                by: user(actor),
            };
            self.hospital.apply(&stamp, &event);
            self.journal.push((stamp, event));
        }
    }

    /// The state rebuilt from the journal, through its text.
    pub(crate) fn replayed(&self) -> Hospital {
        let mut hospital = Hospital::default();
        for (stamp, event) in &self.journal {
            let body = event.encode().unwrap();
            let event = Event::decode(event.kind(), Event::VERSION, &body).unwrap();
            hospital.apply(stamp, &event);
        }
        hospital
    }

    /// A faultless bag of a group, taken in by two technologists; red cells still wait for their regroup.
    #[track_caller]
    pub(crate) fn bag(&mut self, serial: u32, component: Component, group: &str) -> UnitId {
        let command = self.delivery(serial, component, group);
        self.run(by("technologist").with("technologist2"), command.clone());
        command.unit
    }

    /// The command that takes in a faultless bag: donation `W0000 26 <serial>`, expiring in twenty days.
    pub(crate) fn delivery(&self, serial: u32, component: Component, group: &str) -> ReceiveUnit {
        let (product, temperature) = match component {
            Component::RedCells => ("E0336V00", "4"),
            Component::WholeBlood => ("E0001V00", "4"),
            Component::Plasma => ("E0701V00", "-25"),
            Component::Platelets => ("E3087V00", "22"),
            Component::Cryo => ("E3577V00", "-25"),
            Component::Granulocytes => ("P0230V00", "22"),
        };
        ReceiveUnit {
            unit: unit(serial, product),
            group: LabelGroup::parse(group).unwrap(),
            collected: Some(self.minutes(-5 * 1440)),
            expires: self.minutes(20 * 1440),
            entry: EntryPath::Scanned,
            amount: None,
            volume: None,
            location: place("fridge-1"),
            locked_to: None,
            antigens: Default::default(),
            delivery: Some("D-1".into()),
            under: None,
            checks: ReceiptChecks {
                temperature: crate::blood::Celsius::parse(temperature),
                appearance: Appearance::Normal,
                seal: Checked::Good,
                label: Checked::Good,
            },
        }
    }
}

/// A login.
pub(crate) fn user(login: &str) -> UserId {
    UserId::parse(login).unwrap()
}

/// A store or ward.
pub(crate) fn place(name: &str) -> LocationId {
    LocationId::parse(name).unwrap()
}

/// The donation with this serial number.
pub(crate) fn donation(serial: u32) -> Din {
    Din::parse(&format!("W000026{serial:06}")).unwrap()
}

/// A unit of the donation with this serial number.
pub(crate) fn unit(serial: u32, product: &str) -> UnitId {
    UnitId::new(donation(serial), ProductCode::parse(product).unwrap())
}

#[test]
fn the_trial_hospital_has_everybody_and_replays() {
    let trial = Trial::new();
    assert_eq!(trial.hospital.people.len(), 1 + 2 * Role::ALL.len());
    assert_eq!(trial.replayed(), trial.hospital);
}
