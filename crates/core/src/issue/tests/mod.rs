//! The main job tried through `decide`: request, crossmatch, issue, ward, return, emergency.

mod analyser;
mod emergency;
mod found;
mod least;
mod life;
mod model;
mod proposal;
mod requests;
mod rules;
mod serology;
mod stops;

use std::collections::{BTreeMap, BTreeSet};

use crate::blood::{Amount, Component, Grade, Measure, UnitId};
use crate::crossmatch::{RecordCrossmatch, ReserveUnit, ReviewCrossmatch, Side};
use crate::event::Event;
use crate::id::{CrossmatchId, IssueId, LotId, PatientId, PatientNumber, RequestId, TestId};
use crate::issue::{IssueEvent, IssueUnit};
use crate::patient::PatientEvent;
use crate::request::{EmergencyLevel, Order, PlaceRequest, Urgency};
use crate::testing::{Material, TestKind};
use crate::testkit::{Trial, by, place, reaction, sample_id, user};
use crate::unit::{Appearance, UnitEvent};

/// What a doctor orders, complete in every point.
pub(crate) fn order(component: Component, urgency: Urgency, trial: &Trial) -> Order {
    let (hundredths, measure) = match component {
        Component::Platelets | Component::Granulocytes => (200, Measure::Dose),
        Component::Plasma => (40_000, Measure::Millilitre),
        _ => (400, Measure::Unit),
    };
    let labs = [
        ("hb_g_l", "62"),
        ("plt_1e9_l", "18"),
        ("inr", "2.1"),
        ("fib_g_l", "0.9"),
    ];
    Order {
        component,
        amount: Amount {
            hundredths,
            measure,
        },
        urgency,
        needed: trial.minutes(120),
        indication: Some("surgery".into()),
        diagnosis: "胃癌".into(),
        labs: labs
            .iter()
            .map(|(lab, value)| ((*lab).into(), (*value).into()))
            .collect::<BTreeMap<String, String>>(),
        ward: "普外科".into(),
        doctor: "李医生".into(),
        note: String::new(),
    }
}

/// One patient, one request, one bag that suits.
#[derive(Clone)]
pub(super) struct Scene {
    pub trial: Trial,
    pub patient: PatientId,
    pub request: RequestId,
    pub unit: UnitId,
}

impl Scene {
    /// A patient of the group, grouped on two independent samples, screened, with consent; a request; a bag of the group.
    pub fn ready(component: Component, patient_group: &str, unit_group: &str) -> Self {
        let mut trial = Trial::with_card();
        let patient = trial.patient(1);
        trial.grouped(patient, "S1", patient_group);
        trial.pass(jiff::SignedDuration::from_mins(30));
        trial.grouped(patient, "S2", patient_group);
        let screen = reaction(
            &trial,
            TestKind::Screen,
            Material::Sample(sample_id("S2")),
            patient_group,
        );
        trial.tested(screen);
        trial.given(PatientEvent::ConsentRecorded {
            patient,
            signed: trial.at,
            reference: "C-1".into(),
        });
        let mut scene = Self::bare(trial, patient, component, Urgency::Routine);
        scene.unit = scene.stock(1, component, unit_group);
        scene
    }

    /// A scene of which only the request is there.
    pub fn bare(
        mut trial: Trial,
        patient: PatientId,
        component: Component,
        urgency: Urgency,
    ) -> Self {
        let request = trial.hospital.next.request;
        let order = order(component, urgency, &trial);
        trial.run(by("clinician"), PlaceRequest { patient, order });
        Self {
            trial,
            patient,
            request,
            unit: UnitId::LOWEST,
        }
    }

    /// A faultless bag that may be chosen; frozen components are thawed.
    pub fn stock(&mut self, serial: u32, component: Component, group: &str) -> UnitId {
        let mut delivery = self.trial.delivery(serial, component, group);
        if component == Component::Plasma {
            delivery.unit = crate::testkit::unit(serial, "E0713V00");
            delivery.checks.temperature = crate::blood::Celsius::parse("4");
        }
        let unit = delivery.unit;
        let checker = by("technologist").with("technologist2");
        if self.trial.decide(&checker, delivery.clone()).is_ok() {
            self.trial.run(checker, delivery);
        }
        let holds = self.trial.hospital.units.get(&unit).unwrap().holds.clone();
        for hold in holds {
            self.trial.given(UnitEvent::HoldLifted {
                unit,
                hold,
                note: String::new(),
                second: None,
            });
        }
        if component.carries_red_cells() {
            self.trial.given(UnitEvent::GroupConfirmed {
                unit,
                test: TestId(9000 + u64::from(serial)),
            });
        }
        unit
    }

    pub fn reserve(&mut self) {
        self.trial.run(
            by("technologist"),
            ReserveUnit {
                unit: self.unit,
                request: self.request,
                chosen: None,
            },
        );
    }

    pub fn reading(&self, major: Grade, minor: Grade) -> RecordCrossmatch {
        RecordCrossmatch {
            unit: self.unit,
            request: self.request,
            sample: sample_id("S2"),
            method: "gel_ahg".into(),
            major: Side::Read(major),
            minor: Side::Read(minor),
            lots: BTreeSet::from([LotId::parse("CARD-1").unwrap()]),
        }
    }

    /// Reserved, crossmatched compatible, reviewed.
    pub fn crossmatched(mut self) -> Self {
        self.reserve();
        let crossmatch = self.record(self.reading(Grade::Negative, Grade::Negative));
        self.trial
            .run(by("technologist2"), ReviewCrossmatch { crossmatch });
        self
    }

    pub fn record(&mut self, reading: RecordCrossmatch) -> CrossmatchId {
        let crossmatch = self.trial.hospital.next.crossmatch;
        self.trial.run(by("technologist"), reading);
        crossmatch
    }

    pub fn hand_over(&self, emergency: Option<EmergencyLevel>) -> IssueUnit {
        let number = self
            .trial
            .hospital
            .record_of(self.patient)
            .and_then(|record| record.numbers().into_keys().next());
        IssueUnit {
            unit: self.unit,
            request: self.request,
            label_unit: self.unit,
            label_patient: number.unwrap_or(PatientNumber::parse("none").unwrap()),
            appearance: Appearance::Normal,
            collector: user("nurse"),
            destination: place("ward-3"),
            emergency,
        }
    }

    pub fn issue(&mut self) -> IssueId {
        let issue = self.trial.hospital.next.issue;
        let command = self.hand_over(None);
        self.trial
            .run(by("technologist").with("technologist2"), command);
        issue
    }

    pub fn refused(&self) -> Vec<&'static str> {
        self.trial.refused(
            by("technologist").with("technologist2"),
            self.hand_over(None),
        )
    }
}

/// The hand-over among the facts.
pub(super) fn issued(events: &[Event]) -> &IssueEvent {
    events
        .iter()
        .find_map(|event| match event {
            Event::Issue(event @ IssueEvent::Issued { .. }) => Some(event),
            _ => None,
        })
        .unwrap()
}
