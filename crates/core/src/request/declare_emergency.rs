use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Order, RequestEvent, Urgency, place};
use crate::blood::{Amount, Component};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{PatientId, PatientNumber};
use crate::patient::{Demographics, NumberKind, PatientEvent, Sex};
use crate::people::Action;
use crate::subject::Subject;

/// Whom the emergency is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmergencyPatient {
    /// On file.
    Known(PatientId),
    /// Nobody knows who it is: a record with a temporary number is opened.
    Unidentified {
        /// Sex as seen.
        sex: Sex,
        /// What tells this person from another unidentified one: clothing, place found, ambulance.
        description: String,
    },
}

/// Opens the green channel: one command, and the clock runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclareEmergency {
    /// For whom.
    pub patient: EmergencyPatient,
    /// What is needed first; one request each.
    pub needs: Vec<(Component, Amount)>,
    /// Where.
    pub ward: String,
    /// The doctor who answers for it.
    pub doctor: String,
    /// What happened.
    pub note: String,
}

/// The number an unidentified person goes by, from the day and our own number: the same on wristband, tube and label.
fn temporary_number(
    hospital: &Hospital,
    patient: PatientId,
    at: jiff::Timestamp,
) -> Option<PatientNumber> {
    let day = hospital.today(at);
    let text = format!(
        "E{:04}{:02}{:02}{:06}",
        day.year(),
        day.month(),
        day.day(),
        patient.0
    );
    PatientNumber::parse(&text).ok()
}

impl Decide for DeclareEmergency {
    fn action(&self) -> Action {
        Action::EmergencyDeclare
    }

    fn subjects(&self) -> Vec<Subject> {
        match &self.patient {
            EmergencyPatient::Known(patient) => vec![(*patient).into()],
            EmergencyPatient::Unidentified { .. } => Vec::new(),
        }
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let components: std::collections::BTreeSet<Component> =
            self.needs.iter().map(|(component, _)| *component).collect();
        checks.require(
            !self.needs.is_empty() && components.len() == self.needs.len(),
            || Finding::bad_value("component", "why-each-once"),
        );
        let orders: Vec<Order> = self
            .needs
            .iter()
            .take(Component::ALL.len())
            .map(|(component, amount)| Order {
                component: *component,
                amount: *amount,
                urgency: Urgency::Emergency,
                needed: context.at,
                indication: None,
                diagnosis: String::new(),
                labs: BTreeMap::new(),
                ward: self.ward.clone(),
                doctor: self.doctor.clone(),
                note: self.note.clone(),
            })
            .collect();
        for order in &orders {
            place::complete(&mut checks, hospital, order, context.at);
        }
        let mut events: Vec<Event> = Vec::new();
        let patient = match &self.patient {
            EmergencyPatient::Known(patient) => {
                place::standing(&mut checks, hospital, *patient);
                *patient
            }
            EmergencyPatient::Unidentified { sex, description } => {
                let patient = hospital.next.patient;
                match temporary_number(hospital, patient, context.at)
                    .filter(|number| hospital.patients.by_number(number).is_none())
                {
                    Some(number) => events.push(
                        PatientEvent::Registered {
                            patient,
                            demographics: Demographics {
                                name: number.as_str().into(),
                                sex: *sex,
                                birth: None,
                                ward: Some(self.ward.clone()),
                                bed: None,
                                address: None,
                                phone: None,
                                diagnosis: (!description.trim().is_empty())
                                    .then(|| description.trim().chars().take(200).collect()),
                            },
                            numbers: BTreeMap::from([(number, NumberKind::Temporary)]),
                            unidentified: true,
                        }
                        .into(),
                    ),
                    None => checks.find(Finding::bad_value("number", "why-taken")),
                }
                patient
            }
        };
        // One complaint is enough where several components lack the same.
        checks.findings.dedup();
        checks.settle()?;
        let mut request = hospital.next.request;
        for order in orders {
            events.push(
                RequestEvent::Placed {
                    request,
                    patient,
                    order,
                }
                .into(),
            );
            request = request.next();
        }
        Ok(events)
    }
}
