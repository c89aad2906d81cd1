//! Deliveries: what belongs to all bags of one container, and the one signature under which they are taken in.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{UnitEvent, Units};
use crate::blood::Celsius;
use crate::command::{Checks, Context, Decide, Decision, authorised};
use crate::event::Event;
use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{DeliveryId, UserId};
use crate::people::Action;
use crate::policy::Key;
use crate::subject::Subject;

/// Why no more bags come in under a delivery's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// All bags are in.
    Done,
    /// The receiver opened another.
    Next,
    /// The receiver signed out.
    Left,
}

impl Ended {
    /// The message key's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "delivery-ended-done",
            Self::Next => "delivery-ended-next",
            Self::Left => "delivery-ended-left",
        }
    }
}

/// One container of a delivery, opened by whoever receives its bags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Number.
    pub id: DeliveryId,
    /// Who sent it.
    pub supplier: String,
    /// Delivery note, where there was one.
    pub reference: Option<String>,
    /// Measured in the container; none if it was not measured.
    pub temperature: Option<Celsius>,
    /// Who checks the bags with the receiver.
    pub checker: UserId,
    /// The signature serves until then.
    pub until: Timestamp,
    /// Bags taken in under it.
    pub bags: u64,
    /// When it was opened or the last bag came in.
    pub last: Timestamp,
    /// Why and when it ended.
    pub ended: Option<(Ended, Timestamp)>,
    /// The journal entry of its opening; its person is the receiver.
    pub opened: Stamp,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Delivery {
    /// Why its signature does not serve for a bag now: ended, out of time, or idle for so long that a session would have locked.
    /// The key of the words for it.
    pub fn over(&self, hospital: &Hospital, at: Timestamp) -> Option<&'static str> {
        if let Some((why, _)) = self.ended {
            return Some(why.word());
        }
        if self.until <= at {
            return Some("delivery-out-of-time");
        }
        let idle = hospital.policies.span(Key::SessionIdle, at).ok();
        let locks = idle.and_then(|idle| self.last.checked_add(idle).ok());
        match locks {
            Some(locks) if at < locks => None,
            _ => Some("delivery-left-alone"),
        }
    }
}

/// Opens a delivery: supplier and container, and the signature of whoever checks its bags with you, given once. It serves only
/// you, only until the policy's time is over, and ends when you open another, sign out, leave it alone, or say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDelivery {
    /// Who sent it; 1 to [`OpenDelivery::SUPPLIER_MOST`] characters.
    pub supplier: String,
    /// Delivery note; at most [`super::ReceiveUnit::DELIVERY_MOST`] characters.
    pub reference: String,
    /// Measured in the container; none if it was not measured, which holds every bag.
    pub temperature: Option<Celsius>,
}

impl OpenDelivery {
    /// The longest name of a supplier, in characters.
    pub const SUPPLIER_MOST: usize = 60;
}

impl Decide for OpenDelivery {
    fn action(&self) -> Action {
        Action::UnitReceive
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.text("supplier", &self.supplier, 1, Self::SUPPLIER_MOST);
        let most = super::ReceiveUnit::DELIVERY_MOST;
        checks.text("reference", &self.reference, 0, most);
        let span = checks.take(hospital.policies.span(Key::ReceiptSignature, context.at));
        let second = checks.second(Action::UnitCheck);
        checks.settle()?;
        let until = span.and_then(|span| context.at.checked_add(span).ok());
        let before = hospital.units.opening(&context.actor);
        let mut events: Vec<Event> = before
            .map(|before| ended(before.id, Ended::Next))
            .into_iter()
            .collect();
        if let Some((until, second)) = until.zip(second) {
            let reference = self.reference.trim();
            events.push(
                UnitEvent::DeliveryOpened {
                    delivery: hospital.next.delivery,
                    supplier: self.supplier.trim().into(),
                    reference: (!reference.is_empty()).then(|| reference.into()),
                    temperature: self.temperature,
                    until,
                    second,
                }
                .into(),
            );
        }
        Ok(events)
    }
}

/// Ends your own delivery: all its bags are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndDelivery {
    /// Which.
    pub delivery: DeliveryId,
}

impl Decide for EndDelivery {
    fn action(&self) -> Action {
        Action::UnitReceive
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.delivery.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let found = hospital
            .units
            .delivery(self.delivery)
            .ok_or_else(|| Finding::not_found(self.delivery))?;
        if let Some((why, _)) = found.ended {
            return Err(over(found, why.word()).into());
        }
        if found.opened.by != context.actor {
            return Err(over(found, "delivery-of-another").into());
        }
        Ok(vec![ended(self.delivery, Ended::Done)])
    }
}

fn ended(delivery: DeliveryId, ended: Ended) -> Event {
    UnitEvent::DeliveryEnded { delivery, ended }.into()
}

fn over(delivery: &Delivery, why: &'static str) -> Finding {
    Finding::new(Rule::DeliveryOver)
        .with("subject", Subject::from(delivery.id))
        .with("by", delivery.opened.by.clone())
        .with("until", delivery.until)
        .word("why", why)
}

/// The fact that ends the delivery of somebody who leaves.
pub(crate) fn left(hospital: &Hospital, user: &UserId) -> Option<Event> {
    let open = hospital.units.opening(user)?;
    Some(ended(open.id, Ended::Left))
}

/// The delivery whose signature may serve for a bag now: open, opened by the actor, in time, and its checker still may sign.
///
/// # Errors
/// What stands against it.
pub(super) fn serving<'a>(
    hospital: &'a Hospital,
    context: &Context,
    id: DeliveryId,
) -> Result<&'a Delivery, Finding> {
    let found = hospital
        .units
        .delivery(id)
        .ok_or_else(|| Finding::not_found(id))?;
    if found.opened.by != context.actor {
        return Err(over(found, "delivery-of-another"));
    }
    if let Some(why) = found.over(hospital, context.at) {
        return Err(over(found, why));
    }
    authorised(hospital, &found.checker, Action::UnitCheck, context.at)
        .map_err(|_| over(found, "delivery-checker-may-not"))?;
    Ok(found)
}

impl Units {
    /// One delivery.
    pub fn delivery(&self, id: DeliveryId) -> Option<&Arc<Delivery>> {
        self.deliveries.get(&id)
    }

    /// Every delivery, oldest first.
    pub fn deliveries(&self) -> impl DoubleEndedIterator<Item = &Arc<Delivery>> {
        self.deliveries.values()
    }

    /// The delivery a person has open; its time may be over.
    pub fn opening(&self, user: &UserId) -> Option<&Arc<Delivery>> {
        self.delivery(*self.opening.get(user)?)
    }

    /// One more bag came in under a delivery.
    pub(super) fn counted(&mut self, delivery: Option<DeliveryId>, at: Timestamp) {
        let found = delivery.and_then(|id| self.deliveries.get_mut(&id));
        if let Some(found) = found.map(Arc::make_mut) {
            found.bags = found.bags.saturating_add(1);
            found.last = at;
        }
    }

    fn opened(&mut self, delivery: Delivery) {
        self.opening.insert(delivery.opened.by.clone(), delivery.id);
        self.deliveries.insert(delivery.id, Arc::new(delivery));
    }

    fn closed(&mut self, stamp: &Stamp, id: DeliveryId, why: Ended) {
        let Some(found) = self.deliveries.get_mut(&id).map(Arc::make_mut) else {
            return;
        };
        found.ended = Some((why, stamp.at));
        found.changed = stamp.clone();
        let receiver = found.opened.by.clone();
        if self.opening.get(&receiver) == Some(&id) {
            self.opening.remove(&receiver);
        }
    }
}

/// Carries a fact about a delivery into the state.
pub(super) fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &UnitEvent) {
    match event {
        UnitEvent::DeliveryOpened {
            delivery,
            supplier,
            reference,
            temperature,
            until,
            second,
        } => {
            hospital.next.delivery = delivery.next();
            hospital.units.opened(Delivery {
                id: *delivery,
                supplier: supplier.clone(),
                reference: reference.clone(),
                temperature: *temperature,
                checker: second.clone(),
                until: *until,
                bags: 0,
                last: stamp.at,
                ended: None,
                opened: stamp.clone(),
                changed: stamp.clone(),
            });
        }
        UnitEvent::DeliveryEnded { delivery, ended } => {
            hospital.units.closed(stamp, *delivery, *ended);
        }
        _ => {}
    }
}
