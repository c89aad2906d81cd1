//! The simulated hospital beside its record: what people's and donors' blood really is, and what there is to choose from.

use std::collections::{BTreeMap, HashMap, VecDeque};

use lifeline_core::blood::{Abo, BloodGroup, Din, RhD, UnitId};
use lifeline_core::command::{Command, Context};
use lifeline_core::event::Event;
use lifeline_core::finding::Reason;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::*;
use lifeline_core::patient::PatientEvent;
use lifeline_core::people::{Action, Role};
use lifeline_core::policy::{Key, Value};
use lifeline_core::sample::SampleEvent;
use lifeline_core::unit::UnitEvent;
use lifeline_core::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What the person who gives a command knows and the record does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    /// Nothing.
    None,
    /// Whose record is opened.
    Person(usize),
    /// Whose blood is in the tube.
    Blood(usize),
    /// What the donor's blood is.
    Donor(BloodGroup),
}

/// A command about to be given.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub command: Command,
    pub actor: UserId,
    pub second: Option<UserId>,
    pub reasons: Vec<Reason>,
    pub intent: Intent,
}

impl Draft {
    pub(crate) fn meaning(mut self, intent: Intent) -> Self {
        self.intent = intent;
        self
    }

    pub(crate) fn context(&self, at: Timestamp) -> Context {
        Context {
            second: self.second.clone(),
            reasons: self.reasons.clone(),
            ..Context::new(at, self.actor.clone())
        }
    }
}

/// What is so, whatever the record says.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    /// Everybody who ever came, by their group.
    pub people: Vec<BloodGroup>,
    /// Whose record a record is.
    pub patients: HashMap<PatientId, usize>,
    /// Whose blood is in a tube.
    pub samples: HashMap<SampleId, usize>,
    /// What is in a bag.
    pub units: HashMap<UnitId, BloodGroup>,
    /// What a donor's blood is.
    pub donors: HashMap<Din, BloodGroup>,
    /// How many tubes under somebody's name hold somebody else's blood.
    pub false_tubes: HashMap<PatientId, u32>,
}

/// A control that two people waived.
#[derive(Debug, Clone)]
pub(crate) struct Waiver {
    pub control: ControlCode,
    pub place: lifeline_core::quality::Place,
    pub lots: std::collections::BTreeSet<LotId>,
    pub from: Timestamp,
    pub until: Timestamp,
}

/// One simulated hospital.
pub(crate) struct World {
    pub hospital: Hospital,
    pub at: Timestamp,
    pub rng: StdRng,
    pub truth: Truth,
    pub staff: Vec<(UserId, Role)>,
    pub hired: Vec<UserId>,
    pub units: Vec<UnitId>,
    pub patients: Vec<PatientId>,
    pub merged: Vec<PatientId>,
    pub samples: Vec<SampleId>,
    pub tests: Vec<TestId>,
    pub requests: Vec<RequestId>,
    pub crossmatches: Vec<CrossmatchId>,
    pub issues: Vec<IssueId>,
    pub lots: Vec<LotId>,
    pub waived: Vec<Waiver>,
    pub serial: u32,
    /// The last commands given, to be given again.
    pub given: VecDeque<Draft>,
    may: BTreeMap<Action, Vec<UserId>>,
}

const PEOPLE: &[(Role, usize)] = &[
    (Role::Technologist, 6),
    (Role::Senior, 2),
    (Role::Head, 2),
    (Role::Clinician, 4),
    (Role::Nurse, 4),
    (Role::Quality, 2),
    (Role::Equipment, 1),
    (Role::Auditor, 1),
    (Role::Administrator, 2),
    (Role::Device, 1),
];

/// How many of the last commands may be given again.
const GIVEN_MOST: usize = 64;

impl World {
    /// A hospital before its first day.
    pub(crate) fn new(seed: u64) -> Self {
        let staff = PEOPLE.iter().flat_map(|(role, many)| {
            (1..=*many).filter_map(|n| {
                let login = UserId::parse(&format!("{}{n}", role.as_str())).ok()?;
                Some((login, *role))
            })
        });
        Self {
            hospital: Hospital::default(),
            at: START,
            rng: StdRng::seed_from_u64(seed),
            truth: Truth::default(),
            staff: staff.collect(),
            hired: Vec::new(),
            units: Vec::new(),
            patients: Vec::new(),
            merged: Vec::new(),
            samples: Vec::new(),
            tests: Vec::new(),
            requests: Vec::new(),
            crossmatches: Vec::new(),
            issues: Vec::new(),
            lots: Vec::new(),
            waived: Vec::new(),
            serial: 0,
            given: VecDeque::new(),
            may: BTreeMap::new(),
        }
    }

    /// Learns from the policies who may do what, so that most commands come from the right people.
    pub(crate) fn learn_grants(&mut self) {
        let adopted = self.hospital.policies.at(Key::Grants, self.at);
        let Some(Value::Grants(grants)) = adopted.map(|adopted| &adopted.entry.value) else {
            return;
        };
        for (login, role) in &self.staff {
            for action in grants.get(role).into_iter().flatten() {
                self.may.entry(*action).or_default().push(login.clone());
            }
        }
    }

    /// True one time in `n`.
    pub(crate) fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_ratio(1, n.max(1))
    }

    /// One of several.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() {
            return None;
        }
        of.get(self.rng.random_range(0..of.len()))
    }

    /// A whole number from a closed range.
    pub(crate) fn number(&mut self, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..=high)
    }

    /// Now and some minutes; negative for before.
    pub(crate) fn minutes(&self, minutes: i64) -> Timestamp {
        self.at
            .checked_add(SignedDuration::from_mins(minutes))
            .unwrap_or(self.at)
    }

    /// Time passes: seconds mostly, now and then hours or days, and now and then a clock is set back a little.
    pub(crate) fn tick(&mut self) {
        let seconds = match self.rng.random_range(0..3000u32) {
            0 => self.number(3600, 4 * 86_400),
            1..=4 => self.number(1800, 6 * 3600),
            5..=14 => -self.number(1, 120),
            _ => self.number(0, 45),
        };
        self.at = self
            .at
            .checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(self.at);
    }

    /// Somebody who may do an action; now and then just anybody.
    pub(crate) fn someone(&mut self, action: Action) -> Option<UserId> {
        if !self.one_in(60) {
            let able = self.may.get(&action);
            if let Some(able) = able.filter(|able| !able.is_empty()) {
                return able.get(self.rng.random_range(0..able.len())).cloned();
            }
        }
        let place = self.rng.random_range(0..self.staff.len().max(1));
        self.staff.get(place).map(|(login, _)| login.clone())
    }

    /// A command given by somebody who may give it, mostly.
    pub(crate) fn draft(&mut self, command: impl Into<Command>) -> Option<Draft> {
        let command = command.into();
        let actor = self.someone(command.action())?;
        Some(Draft {
            command,
            actor,
            second: None,
            reasons: Vec::new(),
            intent: Intent::None,
        })
    }

    /// The same, signed by a second person: mostly somebody else who may sign.
    pub(crate) fn signed(&mut self, command: impl Into<Command>, action: Action) -> Option<Draft> {
        let mut draft = self.draft(command)?;
        draft.second = match self.rng.random_range(0..40u32) {
            0 => None,
            1 => Some(draft.actor.clone()),
            _ => {
                let mut second = self.someone(action)?;
                for _ in 0..4 {
                    if second != draft.actor {
                        break;
                    }
                    second = self.someone(action)?;
                }
                Some(second)
            }
        };
        Some(draft)
    }

    /// One of the last `window`, rarely any. A few tries are made for one that fits, because most commands should succeed.
    pub(crate) fn pick<T: Clone>(
        &mut self,
        list: impl Fn(&Self) -> &Vec<T>,
        window: usize,
        fits: impl Fn(&Hospital, &T) -> bool,
    ) -> Option<T> {
        let length = list(self).len();
        if length == 0 {
            return None;
        }
        let anything = self.one_in(25);
        let from = if self.one_in(20) {
            0
        } else {
            length.saturating_sub(window)
        };
        let mut last = None;
        for _ in 0..24 {
            let place = self.rng.random_range(from..length);
            last = list(self).get(place).cloned();
            if anything || last.as_ref().is_some_and(|one| fits(&self.hospital, one)) {
                return last;
            }
        }
        last
    }

    /// One of the first few an iterator gives.
    pub(crate) fn of_first<T>(&mut self, many: usize, list: Vec<T>) -> Option<T> {
        let many = many.min(list.len());
        if many == 0 {
            return None;
        }
        let place = self.rng.random_range(0..many);
        list.into_iter().nth(place)
    }

    /// One of the last few an iterator gives: what came lately still moves, what is stuck stands first.
    pub(crate) fn of_last<T>(&mut self, many: usize, mut list: Vec<T>) -> Option<T> {
        let from = list.len().saturating_sub(many);
        self.of_first(many, list.split_off(from))
    }

    /// A new person, with the groups as they are common in China but RhD negative more often, to see more of it.
    pub(crate) fn newcomer(&mut self) -> usize {
        let group = self.any_group();
        self.truth.people.push(group);
        self.truth.people.len() - 1
    }

    /// A group, as common as among people.
    pub(crate) fn any_group(&mut self) -> BloodGroup {
        let abo = match self.rng.random_range(0..100u32) {
            0..32 => Abo::O,
            32..60 => Abo::A,
            60..90 => Abo::B,
            _ => Abo::Ab,
        };
        let rhd = if self.one_in(10) {
            RhD::Negative
        } else {
            RhD::Positive
        };
        BloodGroup::new(abo, rhd)
    }

    /// The group of the person whose record this is.
    pub(crate) fn group_of(&self, patient: PatientId) -> Option<BloodGroup> {
        let person = self.truth.patients.get(&patient)?;
        self.truth.people.get(*person).copied()
    }

    /// Remembers a command, so that it may be given again.
    pub(crate) fn remember(&mut self, draft: &Draft) {
        if self.given.len() == GIVEN_MOST {
            self.given.pop_front();
        }
        self.given.push_back(draft.clone());
    }

    /// Takes note of what came into being.
    pub(crate) fn note(&mut self, intent: Intent, event: &Event) {
        use lifeline_core::crossmatch::CrossmatchEvent;
        use lifeline_core::issue::IssueEvent;
        use lifeline_core::people::PeopleEvent;
        use lifeline_core::quality::QualityEvent;
        use lifeline_core::request::RequestEvent;
        use lifeline_core::testing::{LotEvent, TestEvent};
        match event {
            Event::People(PeopleEvent::UserAdded { user, .. }) => self.hired.push(user.clone()),
            Event::Unit(UnitEvent::Received { unit, group, .. }) => {
                let donor = match intent {
                    Intent::Donor(group) => group,
                    _ => BloodGroup::new(group.abo, group.rhd.unwrap_or(RhD::Positive)),
                };
                self.truth.donors.entry(unit.din).or_insert(donor);
                self.truth.units.insert(*unit, donor);
                self.units.push(*unit);
            }
            Event::Unit(UnitEvent::Modified {
                parents, children, ..
            }) => {
                let blood = parents
                    .first()
                    .and_then(|parent| self.truth.units.get(parent).copied());
                for child in children {
                    if let Some(blood) = blood {
                        self.truth.units.insert(child.unit, blood);
                    }
                    if !parents.contains(&child.unit) {
                        self.units.push(child.unit);
                    }
                }
            }
            Event::Patient(PatientEvent::Registered { patient, .. }) => {
                let person = match intent {
                    Intent::Person(person) => person,
                    _ => self.newcomer(),
                };
                self.truth.patients.insert(*patient, person);
                self.patients.push(*patient);
            }
            Event::Patient(PatientEvent::Merged { from, .. }) => self.merged.push(*from),
            Event::Sample(
                SampleEvent::Accepted {
                    sample, patient, ..
                }
                | SampleEvent::Rejected {
                    sample, patient, ..
                },
            ) => {
                let person = match intent {
                    Intent::Blood(person) => Some(person),
                    // Tubes of a panel hold the blood of the people made up for them.
                    _ => self.truth.patients.get(patient).copied(),
                };
                if let Some(person) = person {
                    self.truth.samples.insert(sample.clone(), person);
                    if self.truth.patients.get(patient) != Some(&person) {
                        *self.truth.false_tubes.entry(*patient).or_default() += 1;
                    }
                }
                self.samples.push(sample.clone());
            }
            Event::Test(TestEvent::Recorded { test, .. }) => self.tests.push(*test),
            Event::Lot(LotEvent::Received { lot, .. }) => self.lots.push(lot.clone()),
            Event::Request(RequestEvent::Placed { request, .. }) => self.requests.push(*request),
            Event::Crossmatch(CrossmatchEvent::Recorded { crossmatch, .. }) => {
                self.crossmatches.push(*crossmatch);
            }
            Event::Issue(IssueEvent::Issued { issue, .. }) => self.issues.push(*issue),
            Event::Quality(QualityEvent::Waived {
                control,
                place,
                lots,
                until,
                ..
            }) => self.waived.push(Waiver {
                control: control.clone(),
                place: place.clone(),
                lots: lots.clone(),
                from: self.at,
                until: *until,
            }),
            _ => {}
        }
    }
}

/// The first morning: 2026-11-22, 08:00 in China.
pub(crate) const START: Timestamp = Timestamp::constant(1_795_305_600, 0);

/// A short text of the generator as an identifier.
pub(crate) fn id<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}
