use serde::{Deserialize, Serialize};

use super::{IssueEvent, Purpose, gate, standing_crossmatch};
use crate::blood::UnitId;
use crate::command::{Checks, Context, Decide, Decision, authorised};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{LocationId, PatientNumber, RequestId, UserId};
use crate::people::Action;
use crate::policy::Key;
use crate::request::{EmergencyLevel, RequestEvent, Urgency};
use crate::subject::Subject;
use crate::unit::Appearance;

/// Hands a unit over. The gate decides; a second person signs; the compatibility label is scanned back from the bag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueUnit {
    /// Which unit, as scanned from the bag.
    pub unit: UnitId,
    /// On which request.
    pub request: RequestId,
    /// The unit on the compatibility label tied to the bag, as scanned back.
    pub label_unit: UnitId,
    /// The patient's number on the compatibility label, as scanned back.
    pub label_patient: PatientNumber,
    /// What the bag looks like now.
    pub appearance: Appearance,
    /// Who carries it away, by badge.
    pub collector: UserId,
    /// Where to.
    pub destination: LocationId,
    /// Before the tests are done, at this level.
    pub emergency: Option<EmergencyLevel>,
}

impl IssueUnit {
    fn hand_over(&self, checks: &mut Checks<'_>, hospital: &Hospital) {
        checks.require(self.label_unit == self.unit, || {
            Finding::new(Rule::LabelMismatch)
                .with("unit", self.unit)
                .with("label", self.label_unit)
        });
        if let Some(record) = hospital
            .requests
            .get(self.request)
            .and_then(|request| hospital.record_of(request.patient))
        {
            checks.require(record.numbers().contains_key(&self.label_patient), || {
                Finding::new(Rule::LabelMismatch)
                    .with("patient", record.id())
                    .with("label", self.label_patient.as_str())
            });
        }
        checks.require(self.appearance == Appearance::Normal, || {
            Finding::new(Rule::AppearanceBad)
                .with("unit", self.unit)
                .word(
                    "appearance",
                    format!("appearance-{}", self.appearance.as_str()),
                )
        });
        let active = hospital
            .people
            .get(&self.collector)
            .is_some_and(|person| person.active);
        checks.require(active, || {
            Finding::new(Rule::PersonUnknown).with("user", self.collector.clone())
        });
    }
}

impl Decide for IssueUnit {
    fn action(&self) -> Action {
        Action::UnitIssue
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into(), self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let at = context.at;
        let mut checks = Checks::new(hospital, context);
        let purpose = match self.emergency {
            Some(level) => {
                if let Err(denied) =
                    authorised(hospital, &context.actor, Action::EmergencyRelease, at)
                {
                    checks.find(denied);
                }
                Purpose::Emergency(level)
            }
            None => Purpose::Issue,
        };
        checks
            .findings
            .extend(gate(hospital, &self.unit, self.request, purpose, at));
        self.hand_over(&mut checks, hospital);
        let second = checks.second(Action::UnitIssueCheck);
        let record = hospital
            .requests
            .get(self.request)
            .and_then(|request| hospital.record_of(request.patient));
        let crossmatch = record
            .as_ref()
            .and_then(|record| standing_crossmatch(hospital, record, (self.unit, self.request), at))
            .map(|found| found.id);
        let cells = hospital
            .units
            .get(&self.unit)
            .is_some_and(|unit| unit.component.carries_red_cells());
        let due = match (self.emergency, crossmatch) {
            (Some(_), None) if cells => checks
                .take(hospital.policies.span(Key::RetrospectiveDue, at))
                .and_then(|span| at.checked_add(span).ok()),
            _ => None,
        };
        let warnings = checks.settle()?;
        let (Some(unit), Some(request), Some(second)) = (
            hospital.units.get(&self.unit),
            hospital.requests.get(self.request),
            second,
        ) else {
            return Ok(Vec::new());
        };
        let mut events: Vec<Event> = vec![
            IssueEvent::Issued {
                issue: hospital.next.issue,
                unit: self.unit,
                patient: record.map_or(request.patient, |record| record.id()),
                request: self.request,
                amount: unit.amount,
                crossmatch,
                emergency: self.emergency,
                retrospective_due: due,
                collector: self.collector.clone(),
                second,
                destination: self.destination.clone(),
                warnings,
            }
            .into(),
        ];
        // How much an emergency needs is not known beforehand: a person ends it.
        let filled = unit.amount.hundredths >= request.outstanding();
        if filled && request.order.urgency != Urgency::Emergency {
            events.push(
                RequestEvent::Closed {
                    request: self.request,
                    reason: "filled".into(),
                }
                .into(),
            );
        }
        Ok(events)
    }
}
