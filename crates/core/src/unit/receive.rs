use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::{Delivery, serving};
use super::{Appearance, Checked, EntryPath, Hold, ReceiptChecks, UnitEvent};
use crate::blood::{
    Amount, AntigenProfile, Attribute, Celsius, Component, LabelGroup, Millilitres, RhD, UnitId,
};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::{DeliveryId, LocationId, PatientId};
use crate::people::Action;
use crate::policy::{Key, Product};
use crate::subject::Subject;

/// Takes a bag in: what its label says, the receipt checks, and the signature of whoever checked it with you. A bag that fails
/// a check is taken in all the same, into quarantine, so that nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveUnit {
    /// Donation and product on the label.
    pub unit: UnitId,
    /// Group on the label.
    pub group: LabelGroup,
    /// When collected, where the label or the delivery note says.
    pub collected: Option<Timestamp>,
    /// Expiry on the label.
    pub expires: Timestamp,
    /// Scanned or keyed.
    pub entry: EntryPath,
    /// What the bag counts for, where it differs from the product list.
    pub amount: Option<Amount>,
    /// Volume, where it differs from the product list.
    pub volume: Option<Millilitres>,
    /// Put where.
    pub location: LocationId,
    /// Autologous or directed: only for this patient.
    pub locked_to: Option<PatientId>,
    /// Antigens typed by the station.
    pub antigens: AntigenProfile,
    /// Delivery note; at most [`ReceiveUnit::DELIVERY_MOST`] characters. Under an open delivery, that one's stands where this
    /// is none.
    pub delivery: Option<String>,
    /// The open delivery whose signature and container temperature serve for this bag. What is keyed by hand is signed for
    /// itself all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<DeliveryId>,
    /// The receipt checks.
    pub checks: ReceiptChecks,
}

/// Which of the unit's own groups our test must confirm before the unit becomes available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegroupAsked {
    /// ABO.
    pub abo: bool,
    /// RhD.
    pub rhd: bool,
}

impl RegroupAsked {
    /// Whether any test is asked for.
    pub fn any(self) -> bool {
        self.abo || self.rhd
    }
}

/// What the policies in force ask our own test of a unit to confirm: ABO of everything that carries red cells, RhD of what is
/// labelled negative.
pub fn regroup_asked(
    hospital: &Hospital,
    component: Component,
    group: LabelGroup,
    at: Timestamp,
) -> Result<RegroupAsked, Finding> {
    let abo = hospital.policies.flag(Key::RegroupRequired, at)?;
    let rhd = hospital.policies.flag(Key::RegroupRhdNegative, at)?;
    let carries = component.carries_red_cells();
    Ok(RegroupAsked {
        abo: carries && abo,
        rhd: carries && rhd && group.rhd == Some(RhD::Negative),
    })
}

impl ReceiveUnit {
    /// The longest delivery note number kept, in characters.
    pub const DELIVERY_MOST: usize = 60;

    fn label(&self, checks: &mut Checks<'_>, hospital: &Hospital, context: &Context) {
        if let Some(before) = hospital.units.get(&self.unit) {
            checks.find(
                Finding::new(Rule::UnitDuplicate)
                    .with("unit", before.id)
                    .word("status", before.status.word())
                    .with("at", before.received.at)
                    .with("by", before.received.by.clone()),
            );
        }
        checks.require(self.expires > context.at, || {
            Finding::new(Rule::UnitExpired)
                .with("unit", self.unit)
                .with("expires", self.expires)
        });
        if let Some(collected) = self.collected {
            checks.require(collected <= context.at && collected < self.expires, || {
                Finding::bad_value("collected", "why-collected-later").with("collected", collected)
            });
        }
        checks.require(self.volume.is_none_or(|volume| volume.0 > 0), || {
            Finding::bad_value("volume", "why-not-positive")
        });
        checks.require(
            self.amount.is_none_or(|amount| amount.hundredths > 0),
            || Finding::bad_value("amount", "why-not-positive"),
        );
        if let Some(patient) = self.locked_to {
            match hospital.patients.get(patient) {
                None => checks.find(Finding::not_found(patient)),
                Some(record) => checks.require(record.merged_into.is_none(), || {
                    Finding::new(Rule::PatientMerged).with("patient", patient)
                }),
            }
        }
        let note = self.delivery.as_deref().unwrap_or_default();
        checks.require(note.chars().count() <= Self::DELIVERY_MOST, || {
            Finding::bad_value("delivery", "why-too-long")
        });
    }

    /// Why the bag is held from the start.
    fn holds(
        &self,
        checks: &mut Checks<'_>,
        hospital: &Hospital,
        product: &Product,
        measured: Option<Celsius>,
        at: Timestamp,
    ) -> BTreeSet<Hold> {
        let mut holds = BTreeSet::new();
        let component = product.component;
        let frozen =
            product.attributes.has(Attribute::Frozen) && !product.attributes.has(Attribute::Thawed);
        let key = if frozen {
            Key::ReceiptTemperatureFrozen
        } else {
            Key::ReceiptTemperature
        };
        let range = checks.take(hospital.policies.range(key, component, at));
        match (range, measured) {
            (Some(range), Some(measured)) if !range.holds(measured) => {
                holds.insert(Hold::Temperature);
            }
            (_, None) => {
                holds.insert(Hold::ReceiptCheck);
            }
            _ => {}
        }
        let good = self.checks.appearance == Appearance::Normal
            && self.checks.seal == Checked::Good
            && self.checks.label == Checked::Good;
        if !good {
            holds.insert(Hold::ReceiptCheck);
        }
        let asked = checks.take(regroup_asked(hospital, component, self.group, at));
        if asked.is_some_and(RegroupAsked::any) {
            holds.insert(Hold::AwaitingRegroup);
        }
        if hospital.units.recalled(self.unit.din).is_some() {
            holds.insert(Hold::Other(Hold::RECALLED.into()));
        }
        holds
    }
}

impl Decide for ReceiveUnit {
    fn action(&self) -> Action {
        Action::UnitReceive
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.unit.into(), self.unit.din.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        self.label(&mut checks, hospital, context);
        let under: Option<&Delivery> = self
            .under
            .and_then(|id| checks.take(serving(hospital, context, id)));
        // A label typed by hand is checked letter by letter, so its checker signs for it alone.
        let second = match (under, self.under, self.entry) {
            (Some(delivery), _, EntryPath::Scanned) => Some(delivery.checker.clone()),
            (None, Some(_), EntryPath::Scanned) => None,
            _ => checks.second(Action::UnitCheck),
        };
        let temperature = self
            .checks
            .temperature
            .or_else(|| under.and_then(|delivery| delivery.temperature));
        let note = self
            .delivery
            .clone()
            .filter(|note| !note.trim().is_empty())
            .or_else(|| under.and_then(|delivery| delivery.reference.clone()));
        let product = checks.take(hospital.policies.product(self.unit.product, context.at));
        let holds = product
            .map(|product| self.holds(&mut checks, hospital, product, temperature, context.at))
            .unwrap_or_default();
        checks.settle()?;
        Ok(product
            .map(|product| {
                UnitEvent::Received {
                    unit: self.unit,
                    group: self.group,
                    component: product.component,
                    attributes: product.attributes,
                    amount: self.amount.unwrap_or(product.amount),
                    volume: self.volume.unwrap_or(product.volume),
                    collected: self.collected,
                    expires: self.expires,
                    entry: self.entry,
                    location: self.location.clone(),
                    locked_to: self.locked_to,
                    antigens: self.antigens,
                    delivery: note,
                    checks: ReceiptChecks {
                        temperature,
                        ..self.checks.clone()
                    },
                    regroup: holds.contains(&Hold::AwaitingRegroup),
                    holds,
                    under: self.under,
                    second,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
