//! Hospitals of any size: the demonstration's, and as many more patients, requests and bags with their whole life.

use anyhow::Context;
use lifeline_core::blood::{Din, UnitId};
use lifeline_core::event::Event;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::{IssueId, LocationId, PatientId, RequestId, UserId};
use lifeline_core::issue::{Fate, IssueEvent};
use lifeline_core::patient::{Demographics, PatientEvent, Sex};
use lifeline_core::request::{Order, RequestEvent};
use lifeline_core::unit::{Appearance, Checked, EntryPath, ReceiptChecks, Status, Unit, UnitEvent};
use lifeline_server::app::App;
use lifeline_server::clock::Clock;
use lifeline_server::serve::{Config, open};

/// Bags that go to one patient on one request.
const PER_PATIENT: u64 = 4;
/// Of ten bags so many are given; the others stay in stock.
const GIVEN_OF_TEN: u64 = 9;

/// The demonstration hospital on a new database.
///
/// # Errors
/// The database is not empty, or fails.
pub async fn demonstration(database: &str) -> anyhow::Result<App> {
    let config = Config {
        database: database.into(),
        ..Config::default()
    };
    lifeline_demo::furnish(open(&config, Clock::System).await?).await
}

/// Makes the facts of further bags, one bag after another, after the model of one in the demonstration.
pub struct Histories {
    model: Unit,
    order: Order,
    patient: u64,
    request: u64,
    issue: u64,
    bag: u64,
    by: UserId,
    store: LocationId,
    ward: LocationId,
}

impl Histories {
    /// Goes on from a hospital's counters.
    ///
    /// # Errors
    /// The hospital has no bag or no request to go by.
    pub fn after(hospital: &Hospital) -> anyhow::Result<Self> {
        let model = hospital
            .units
            .shelf()
            .find(|unit| unit.status == Status::Available)
            .context("a bag in stock")?;
        let order = hospital.requests.iter().next().context("a request")?;
        Ok(Self {
            model: Unit::clone(model),
            order: order.order.clone(),
            patient: hospital.next.patient.0,
            request: hospital.next.request.0,
            issue: hospital.next.issue.0,
            bag: 0,
            by: UserId::parse("chen")?,
            store: LocationId::parse("fridge-2")?,
            ward: LocationId::parse("ward-surgery")?,
        })
    }

    /// Who does it all.
    pub fn by(&self) -> &UserId {
        &self.by
    }

    /// The name of the n-th bag.
    ///
    /// # Errors
    /// Never for numbers below 10¹⁰.
    pub fn name(&self, bag: u64) -> anyhow::Result<UnitId> {
        let din = format!("X{:04}26{:06}", bag / 1_000_000, bag % 1_000_000);
        Ok(UnitId::new(Din::parse(&din)?, self.model.id.product))
    }

    /// The facts of the next bag's life, with those of its patient and request when it is the first of them.
    ///
    /// # Errors
    /// See [`Histories::name`].
    pub fn next_bag(&mut self) -> anyhow::Result<Vec<Event>> {
        let (bag, unit) = (self.bag, self.name(self.bag)?);
        self.bag += 1;
        let model = &self.model;
        let patient = PatientId(self.patient + bag / PER_PATIENT);
        let request = RequestId(self.request + bag / PER_PATIENT);
        let mut events: Vec<Event> = Vec::with_capacity(7);
        if bag.is_multiple_of(PER_PATIENT) {
            events.push(self.registered(patient).into());
            let order = self.order.clone();
            events.push(
                RequestEvent::Placed {
                    request,
                    patient,
                    order,
                }
                .into(),
            );
        }
        events.push(
            UnitEvent::Received {
                unit,
                group: model.group,
                component: model.component,
                attributes: model.attributes,
                amount: model.amount,
                volume: model.volume,
                collected: model.collected,
                expires: model.expires,
                entry: EntryPath::Scanned,
                location: model.location.clone(),
                locked_to: None,
                antigens: model.antigens,
                delivery: Some("D-1".into()),
                checks: ReceiptChecks {
                    temperature: None,
                    appearance: Appearance::Normal,
                    seal: Checked::Good,
                    label: Checked::Good,
                },
                regroup: false,
                holds: Default::default(),
                under: None,
                second: None,
            }
            .into(),
        );
        events.push(
            UnitEvent::Moved {
                unit,
                from: model.location.clone(),
                to: self.store.clone(),
            }
            .into(),
        );
        if bag % 10 < GIVEN_OF_TEN {
            let issue = IssueId(self.issue);
            self.issue += 1;
            events.extend(self.given(unit, patient, request, issue));
        }
        Ok(events)
    }

    fn registered(&self, patient: PatientId) -> PatientEvent {
        PatientEvent::Registered {
            patient,
            numbers: Default::default(),
            demographics: Demographics {
                name: format!("患者{}", patient.0),
                sex: Sex::Female,
                birth: None,
                ward: Some("surgery".into()),
                bed: None,
                address: None,
                phone: None,
                diagnosis: Some("骨折".into()),
            },
            unidentified: false,
        }
    }

    fn given(
        &self,
        unit: UnitId,
        patient: PatientId,
        request: RequestId,
        issue: IssueId,
    ) -> [Event; 2] {
        let issued = IssueEvent::Issued {
            issue,
            unit,
            patient,
            request,
            amount: self.model.amount,
            crossmatch: None,
            emergency: None,
            retrospective_due: None,
            collector: self.by.clone(),
            second: self.by.clone(),
            destination: self.ward.clone(),
            warnings: Vec::new(),
        };
        let fate = IssueEvent::FateRecorded {
            issue,
            unit,
            patient,
            fate: Fate::Transfused {
                started: self.model.received.at,
                ended: self.model.received.at,
                volume: self.model.volume,
                reaction: Checked::Good,
            },
        };
        [issued.into(), fate.into()]
    }

    /// Carries the next bag's facts into a hospital.
    ///
    /// # Errors
    /// See [`Histories::name`].
    pub fn grow(&mut self, hospital: &mut Hospital) -> anyhow::Result<()> {
        let at = self.model.received.at;
        for event in self.next_bag()? {
            let stamp = Stamp {
                seq: hospital.seq + 1,
                at,
                by: self.by.clone(),
            };
            hospital.apply(&stamp, &event);
        }
        Ok(())
    }
}
