use serde::{Deserialize, Serialize};

use super::{Order, RequestEvent, Urgency};
use crate::blood::{Component, Measure};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::PatientId;
use crate::patient::{Facts, raised};
use crate::people::Action;
use crate::policy::{Key, Value};
use crate::subject::Subject;

/// Asks for blood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceRequest {
    /// For whom.
    pub patient: PatientId,
    /// What.
    pub order: Order,
}

/// The laboratory value a request for a component has to state, unless life is at stake.
pub fn lab_asked(component: Component) -> Option<&'static str> {
    match component {
        Component::RedCells | Component::WholeBlood => Some("hb_g_l"),
        Component::Platelets => Some("plt_1e9_l"),
        Component::Plasma => Some("inr"),
        Component::Cryo => Some("fib_g_l"),
        Component::Granulocytes => None,
    }
}

/// The laboratory values a request can state, and the body weight that doses are taken by.
pub const LABS: [&str; 6] = [
    "hb_g_l",
    "plt_1e9_l",
    "inr",
    "fib_g_l",
    "hct_percent",
    "weight_kg",
];

/// The longest text of a field of a request, in characters.
const TEXT_MOST: usize = 200;

/// What amounts of a component are counted in, by the product list in force.
pub fn measures(hospital: &Hospital, component: Component, at: jiff::Timestamp) -> Vec<Measure> {
    let Some(adopted) = hospital.policies.at(Key::Products, at) else {
        return Vec::new();
    };
    let Value::Products(products) = &adopted.entry.value else {
        return Vec::new();
    };
    let mut found: Vec<Measure> = products
        .values()
        .filter(|product| product.component == component)
        .map(|product| product.amount.measure)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// A laboratory value as people write it: digits, at most one decimal point.
fn is_value(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        |text: &str| (1..=6).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole) && digits(part)
}

/// Everything an order lacks, in one finding; and what it states that can't be.
pub(super) fn complete(
    checks: &mut Checks<'_>,
    hospital: &Hospital,
    order: &Order,
    at: jiff::Timestamp,
) {
    let emergency = order.urgency == Urgency::Emergency;
    let mut missing: Vec<&str> = Vec::new();
    if order.amount.hundredths == 0 {
        missing.push("amount");
    }
    for (field, text) in [("ward", &order.ward), ("doctor", &order.doctor)] {
        if text.trim().is_empty() {
            missing.push(field);
        }
    }
    if !emergency {
        if order.diagnosis.trim().is_empty() {
            missing.push("diagnosis");
        }
        if order.indication.is_none() {
            missing.push("indication");
        }
        let lab = lab_asked(order.component);
        missing.extend(lab.filter(|lab| {
            order
                .labs
                .get(*lab)
                .is_none_or(|value| value.trim().is_empty())
        }));
    }
    if !missing.is_empty() {
        let mut finding = Finding::new(Rule::RequestIncomplete);
        for field in missing {
            finding = finding.word("missing", format!("field-{field}"));
        }
        checks.find(finding);
    }
    // In an emergency nobody is sent back for the name of a ward.
    if !emergency
        && !order.ward.trim().is_empty()
        && let Some(wards) = checks.take(hospital.policies.names(Key::Wards, at))
    {
        checks.require(wards.contains_key(order.ward.trim()), || {
            Finding::bad_value("ward", "why-not-listed")
                .with("value", order.ward.chars().take(40).collect::<String>())
        });
    }
    let kinds = measures(hospital, order.component, at);
    checks.require(kinds.contains(&order.amount.measure), || {
        Finding::bad_value("amount", "why-measure")
    });
    if let Some(indication) = &order.indication
        && let Some(known) = checks.take(hospital.policies.words(Key::Indications, at))
    {
        checks.require(known.contains(indication), || {
            Finding::bad_value("indication", "why-not-listed")
        });
    }
    for (lab, value) in &order.labs {
        let good = LABS.contains(&lab.as_str()) && (value.is_empty() || is_value(value));
        checks.require(good, || {
            Finding::bad_value("labs", "why-not-a-number")
                .with("value", value.chars().take(20).collect::<String>())
        });
    }
    for (field, text, most) in [
        ("ward", &order.ward, TEXT_MOST),
        ("doctor", &order.doctor, TEXT_MOST),
        ("diagnosis", &order.diagnosis, TEXT_MOST),
        ("note", &order.note, Reason::MOST),
    ] {
        checks.require(text.chars().count() <= most, || {
            Finding::bad_value(field, "why-too-long")
        });
    }
}

/// The patient must be known and the record must stand.
pub(super) fn standing(checks: &mut Checks<'_>, hospital: &Hospital, patient: PatientId) {
    match hospital.record_of(patient) {
        None => checks.find(Finding::not_found(patient)),
        Some(record) => checks.require(record.id() == patient, || {
            Finding::new(Rule::PatientMerged)
                .with("patient", patient)
                .with("into", record.id())
        }),
    }
}

impl Decide for PlaceRequest {
    fn action(&self) -> Action {
        Action::RequestPlace
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.patient.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        standing(&mut checks, hospital, self.patient);
        complete(&mut checks, hospital, &self.order, context.at);
        let record = hospital.record_of(self.patient);
        let facts = record.as_ref().map(|record| Facts {
            demographics: &record.standing().demographics,
            diagnosis: &self.order.diagnosis,
            ward: &self.order.ward,
        });
        let needs =
            facts.and_then(|facts| checks.take(raised(hospital, self.patient, &facts, context.at)));
        checks.settle()?;
        let mut events = vec![
            RequestEvent::Placed {
                request: hospital.next.request,
                patient: self.patient,
                order: self.order.clone(),
            }
            .into(),
        ];
        events.extend(needs.unwrap_or_default());
        Ok(events)
    }
}
