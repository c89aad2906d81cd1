use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Lot, LotEvent, LotKind, PACKS_MOST};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::id::LotId;
use crate::people::Action;
use crate::subject::Subject;

/// The most characters of a product name.
pub const NAME_MOST: usize = 80;

/// Takes in a lot of reagent, cells or cards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiveLot {
    /// As printed by the maker.
    pub lot: LotId,
    /// Of what.
    pub kind: LotKind,
    /// Product name.
    pub name: String,
    /// Maker's expiry.
    pub expires: Timestamp,
    /// Packs that came.
    #[serde(default)]
    pub packs: u32,
}

impl Decide for ReceiveLot {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.lot.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.text("name", &self.name, 1, NAME_MOST);
        checks.require(!hospital.lots.contains_key(&self.lot), || {
            Finding::new(Rule::AlreadyExists).with("subject", Subject::from(self.lot.clone()))
        });
        checks.require(self.expires > context.at, || {
            Finding::bad_value("expires", "why-in-the-past")
        });
        checks.require(self.packs <= PACKS_MOST, || {
            Finding::bad_value("packs", "why-out-of-range").with("most", i64::from(PACKS_MOST))
        });
        checks.settle()?;
        Ok(vec![
            LotEvent::Received {
                lot: self.lot.clone(),
                kind: self.kind,
                name: self.name.trim().into(),
                expires: self.expires,
                packs: self.packs,
                must_be_accepted: super::lot_acceptance::must_be_accepted(
                    &hospital.policies,
                    self.kind,
                    context.at,
                ),
            }
            .into(),
        ])
    }
}

/// Opens the first vial or box of a lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenLot {
    /// Which.
    pub lot: LotId,
    /// The maker's limit for opened vials; `None` is what the policy `lot.open_life` says, else the expiry. Never later than
    /// either.
    pub until: Option<Timestamp>,
}

impl Decide for OpenLot {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.lot.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let mut until = None;
        if let Some(lot) = checks.take(known(hospital, &self.lot)) {
            checks.require(lot.opened.is_none(), || wrong(lot, "lot-state-opened"));
            checks.require(lot.blocked.is_none(), || wrong(lot, "lot-state-blocked"));
            let life =
                super::lot_stock::open_life(&hospital.policies, &lot.name, lot.kind, context.at)
                    .and_then(|life| context.at.checked_add(life).ok());
            let end = [self.until, life]
                .into_iter()
                .flatten()
                .fold(lot.expires, Timestamp::min);
            checks.require(end > context.at, || {
                Finding::bad_value("until", "why-in-the-past")
            });
            until = Some(end);
        }
        checks.settle()?;
        Ok(until
            .map(|until| {
                LotEvent::Opened {
                    lot: self.lot.clone(),
                    until,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

/// Stops a lot from being used: failed control, recall by the maker, suspicion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockLot {
    /// Which.
    pub lot: LotId,
    /// Why.
    pub reason: String,
}

impl Decide for BlockLot {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.lot.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        if let Some(lot) = checks.take(known(hospital, &self.lot)) {
            checks.require(lot.blocked.is_none(), || wrong(lot, "lot-state-blocked"));
        }
        checks.settle()?;
        Ok(vec![
            LotEvent::Blocked {
                lot: self.lot.clone(),
                reason: self.reason.trim().into(),
            }
            .into(),
        ])
    }
}

/// Allows a blocked lot again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnblockLot {
    /// Which.
    pub lot: LotId,
    /// Why.
    pub reason: String,
}

impl Decide for UnblockLot {
    fn action(&self) -> Action {
        Action::LotManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.lot.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.told("reason", &self.reason);
        if let Some(lot) = checks.take(known(hospital, &self.lot)) {
            checks.require(lot.blocked.is_some(), || {
                wrong(lot, "lot-state-not-blocked")
            });
        }
        checks.settle()?;
        Ok(vec![
            LotEvent::Unblocked {
                lot: self.lot.clone(),
                reason: self.reason.trim().into(),
            }
            .into(),
        ])
    }
}

pub(super) fn known<'a>(hospital: &'a Hospital, id: &LotId) -> Result<&'a Lot, Finding> {
    hospital
        .lots
        .get(id)
        .map(|lot| &**lot)
        .ok_or_else(|| Finding::not_found(id.clone()))
}

fn wrong(lot: &Lot, state: &'static str) -> Finding {
    Finding::new(Rule::WrongState)
        .with("subject", Subject::from(lot.id.clone()))
        .word("state", state)
}
