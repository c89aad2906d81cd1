//! The rules of a bag's life, tried through `decide`.

mod delivery;
mod hold;
mod life;
mod modify;
mod recall;
mod receive;
mod stock;

use crate::blood::{Component, UnitId};
use crate::crossmatch::Outcome;
use crate::id::{PatientId, RequestId, TestId};
use crate::testkit::Trial;
use crate::unit::{Status, Unit, UnitEvent};

impl Trial {
    fn bagged(&self, id: UnitId) -> &Unit {
        self.hospital.units.get(&id).unwrap()
    }

    /// Red cells whose group was confirmed at the bench: available.
    fn stocked(&mut self, serial: u32, group: &str) -> UnitId {
        let unit = self.bag(serial, Component::RedCells, group);
        self.given(UnitEvent::GroupConfirmed {
            unit,
            test: TestId(u64::from(serial)),
        });
        assert_eq!(self.bagged(unit).status, Status::Available);
        unit
    }

    fn reserve(&mut self, unit: UnitId, request: u64) {
        self.given(UnitEvent::Reserved {
            unit,
            request: RequestId(request),
            patient: PatientId(1),
            until: self.minutes(1440),
            chosen: None,
        });
    }

    /// A bag brought into a status by facts alone, as the other subjects write them.
    fn bag_in(&mut self, serial: u32, status: Status) -> UnitId {
        use crate::crossmatch::{CrossmatchEvent, Proof};
        use crate::id::{CrossmatchId, IssueId};
        use crate::issue::{Fate, IssueEvent};
        use crate::testkit::{place, user};
        let unit = self.stocked(serial, "A+");
        let (issue, patient, request) = (IssueId(u64::from(serial)), PatientId(1), RequestId(1));
        let issued = |trial: &mut Self| {
            trial.given(IssueEvent::Issued {
                issue,
                unit,
                patient,
                request,
                amount: trial.bagged(unit).amount,
                crossmatch: None,
                emergency: None,
                retrospective_due: None,
                collector: user("nurse"),
                second: user("technologist2"),
                destination: place("ward-7"),
                warnings: Vec::new(),
            });
        };
        match status {
            Status::Available => {}
            Status::Quarantined => self.given(UnitEvent::Held {
                unit,
                hold: crate::unit::Hold::Other("inquiry".into()),
                note: String::new(),
            }),
            Status::Reserved => self.reserve(unit, 1),
            Status::Crossmatched => {
                self.reserve(unit, 1);
                self.given(CrossmatchEvent::Recorded {
                    crossmatch: CrossmatchId(u64::from(serial)),
                    unit,
                    patient,
                    sample: crate::id::SampleId::parse("S1").unwrap(),
                    request,
                    proof: Proof::Electronic {
                        criteria: Vec::new(),
                    },
                    outcome: Outcome::Compatible,
                    expires: self.minutes(1440),
                    retrospective: false,
                    review: false,
                });
            }
            Status::Issued => issued(self),
            Status::OnWard => {
                issued(self);
                self.given(IssueEvent::ReceivedOnWard {
                    issue,
                    unit,
                    patient,
                    location: place("ward-7"),
                });
            }
            Status::Transfusing => {
                issued(self);
                self.given(IssueEvent::Started {
                    issue,
                    unit,
                    patient,
                });
            }
            Status::Transfused => {
                issued(self);
                self.given(IssueEvent::FateRecorded {
                    issue,
                    unit,
                    patient,
                    fate: Fate::Transfused {
                        started: self.at,
                        ended: self.at,
                        volume: crate::blood::Millilitres(200),
                        reaction: crate::unit::Checked::NotChecked,
                    },
                });
            }
            Status::Discarded => self.given(UnitEvent::Discarded {
                unit,
                reason: "other".into(),
                note: String::new(),
                second: user("senior"),
            }),
            Status::ReturnedToStation => self.given(UnitEvent::ReturnedToStation {
                unit,
                reason: "other".into(),
                note: String::new(),
                second: user("senior"),
            }),
            Status::Recalled => self.given(UnitEvent::Recalled {
                din: unit.din,
                units: vec![unit],
                beyond: Vec::new(),
                reason: String::new(),
                reference: String::new(),
            }),
            Status::Missing => self.given(UnitEvent::Lost {
                unit,
                note: String::new(),
            }),
            Status::Consumed => self.given(UnitEvent::Modified {
                modification: crate::policy::Modification::Wash,
                parents: vec![unit],
                children: Vec::new(),
                second: None,
            }),
            // No fact leaves a bag in this status: a return decides at once between shelf and quarantine.
            Status::Returned => self.hospital.units.change(
                &unit,
                &crate::hospital::Stamp {
                    seq: 1,
                    at: self.at,
                    by: user("system"),
                },
                |unit| unit.status = Status::Returned,
            ),
        }
        assert_eq!(self.bagged(unit).status, status);
        unit
    }
}
