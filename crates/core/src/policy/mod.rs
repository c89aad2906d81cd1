//! Every threshold: value, source, whether the source was read, and from when it is in force.

mod activate;
mod key;
mod propose;
mod sound;
#[cfg(test)]
mod tests;
mod value;
mod withdraw;

pub use activate::ActivatePolicy;
pub use key::{Key, Shape};
pub use propose::{BACK_MOST, ProposePolicy, WAITING_MOST};
pub use value::{
    Compatibility, Grants, Modification, ModificationRule, NeedRule, Product, Range, Rhd, Value,
};
pub use withdraw::WithdrawPolicy;

use std::sync::Arc;

use imbl::OrdMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{ProposalId, UserId};
use crate::people::{Action, Role};
use crate::subject::{PolicyName, Subject};

/// Whether the source of a threshold was read by the people who entered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The source was read.
    Verified,
    /// From memory or from a secondary source: to be checked by the hospital.
    Provisional,
}

/// One version of one policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Which threshold.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// In force from.
    pub effective: Timestamp,
    /// Where it comes from.
    pub source: String,
    /// Whether the source was read.
    pub standing: Standing,
}

/// An entry as it came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The entry.
    pub entry: Entry,
    /// Who proposed it.
    pub proposed_by: UserId,
    /// Who put it in force; the same person only for the entries the program came with.
    pub activated_by: UserId,
    /// The journal entry.
    pub stamp: Stamp,
}

/// A proposed change, waiting for a second person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Number.
    pub id: ProposalId,
    /// What would be in force.
    pub entry: Entry,
    /// Why.
    pub reason: String,
    /// Who proposed it and when.
    pub stamp: Stamp,
}

/// All policies: every version ever in force, and what is proposed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Policies {
    versions: OrdMap<(Key, Timestamp), Arc<Adopted>>,
    /// Waiting for a second person.
    pub proposals: OrdMap<ProposalId, Arc<Proposal>>,
}

impl Policies {
    /// The entry in force at a moment.
    pub fn at(&self, key: Key, at: Timestamp) -> Option<&Arc<Adopted>> {
        self.versions
            .range((key, Timestamp::MIN)..=(key, at))
            .next_back()
            .map(|(_, adopted)| adopted)
    }

    /// Every version of a key, oldest first.
    pub fn history(&self, key: Key) -> impl Iterator<Item = &Arc<Adopted>> {
        self.versions
            .range((key, Timestamp::MIN)..=(key, Timestamp::MAX))
            .map(|(_, adopted)| adopted)
    }

    pub(crate) fn value<'a, T: 'a>(
        &'a self,
        key: Key,
        at: Timestamp,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<T, Finding> {
        self.at(key, at)
            .and_then(|adopted| read(&adopted.entry.value))
            .ok_or_else(|| {
                Finding::new(Rule::PolicyMissing).with("policy", Subject::from(PolicyName(key)))
            })
    }

    /// A span of time.
    pub fn span(&self, key: Key, at: Timestamp) -> Result<SignedDuration, Finding> {
        self.value(key, at, |value| match value {
            Value::Minutes(minutes) => Some(SignedDuration::from_mins(*minutes)),
            _ => None,
        })
    }

    /// A count.
    pub fn count(&self, key: Key, at: Timestamp) -> Result<i64, Finding> {
        self.value(key, at, |value| match value {
            Value::Count(count) => Some(*count),
            _ => None,
        })
    }

    /// How external assessment grades.
    pub fn grading_tables(
        &self,
        at: Timestamp,
    ) -> Result<&[lifeline_qc::eqa::GradingTable], Finding> {
        self.value(Key::AssessmentTables, at, |value| match value {
            Value::GradingTables(tables) => Some(tables.as_slice()),
            _ => None,
        })
    }

    /// What comparisons may differ.
    pub fn comparison_limits(
        &self,
        at: Timestamp,
    ) -> Result<&[crate::governance::ComparisonLimit], Finding> {
        self.value(Key::ComparisonLimits, at, |value| match value {
            Value::ComparisonLimits(limits) => Some(limits.as_slice()),
            _ => None,
        })
    }

    /// A switch.
    pub fn flag(&self, key: Key, at: Timestamp) -> Result<bool, Finding> {
        self.value(key, at, |value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    /// A list of words.
    pub fn words(&self, key: Key, at: Timestamp) -> Result<&[String], Finding> {
        self.value(key, at, |value| match value {
            Value::Words(words) => Some(words.as_slice()),
            _ => None,
        })
    }

    /// Special requirements that are raised by themselves.
    pub fn need_rules(&self, at: Timestamp) -> Result<&[NeedRule], Finding> {
        self.value(Key::NeedRules, at, |value| match value {
            Value::NeedRules(rules) => Some(rules.as_slice()),
            _ => None,
        })
    }

    /// Names in Chinese with their English.
    pub fn names(
        &self,
        key: Key,
        at: Timestamp,
    ) -> Result<&std::collections::BTreeMap<String, String>, Finding> {
        self.value(key, at, |value| match value {
            Value::Names(names) => Some(names),
            _ => None,
        })
    }

    /// A temperature range by component.
    pub fn range(
        &self,
        key: Key,
        component: crate::blood::Component,
        at: Timestamp,
    ) -> Result<Range, Finding> {
        self.value(key, at, |value| match value {
            Value::Ranges(ranges) => ranges.get(&component).copied(),
            _ => None,
        })
    }

    /// The ABO and RhD table of a component.
    pub fn compatibility(
        &self,
        component: crate::blood::Component,
        at: Timestamp,
    ) -> Result<&Compatibility, Finding> {
        self.value(Key::Compatibility, at, |value| match value {
            Value::Compatibility(tables) => tables.get(&component),
            _ => None,
        })
    }

    /// What a product code means here.
    pub fn product(
        &self,
        code: crate::blood::ProductCode,
        at: Timestamp,
    ) -> Result<&Product, Finding> {
        let unknown = || Finding::new(Rule::ProductUnknown).with("product", code.as_str());
        self.value(Key::Products, at, |value| match value {
            Value::Products(products) => Some(products.get(code.description())),
            _ => None,
        })?
        .ok_or_else(unknown)
    }

    /// What a modification does.
    pub fn modification(
        &self,
        modification: Modification,
        component: crate::blood::Component,
        at: Timestamp,
    ) -> Result<&ModificationRule, Finding> {
        self.value(Key::Modifications, at, |value| match value {
            Value::Modifications(rules) => rules
                .iter()
                .find(|rule| rule.kind == modification && rule.component == component),
            _ => None,
        })
    }

    /// Whether a role may do an action at a moment. No grants in force, no right: default deny.
    pub fn grants(&self, role: Role, action: Action, at: Timestamp) -> bool {
        self.value(Key::Grants, at, |value| match value {
            Value::Grants(grants) => grants.get(&role).map(|actions| actions.contains(&action)),
            _ => None,
        })
        .unwrap_or(false)
    }

    /// The source line of the entry in force, for findings.
    pub fn source(&self, key: Key, at: Timestamp) -> Option<String> {
        self.at(key, at).map(|adopted| adopted.entry.source.clone())
    }
}

/// Facts about policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyEvent {
    /// An entry the program came with was put in force when the installation was set up.
    Adopted {
        /// The entry.
        entry: Entry,
    },
    /// Somebody proposed a change.
    Proposed {
        /// Number.
        proposal: ProposalId,
        /// What would be in force.
        entry: Entry,
        /// Why.
        reason: String,
    },
    /// A second person put it in force.
    Activated {
        /// Number.
        proposal: ProposalId,
        /// What is in force from `entry.effective`.
        entry: Entry,
        /// Who had proposed it.
        proposed_by: UserId,
    },
    /// The proposal was dropped.
    Withdrawn {
        /// Number.
        proposal: ProposalId,
        /// Of which policy.
        key: Key,
        /// Why.
        reason: String,
    },
}

kinds!(PolicyEvent, "policy" {
    Adopted => "adopted", Proposed => "proposed", Activated => "activated", Withdrawn => "withdrawn",
});

impl PolicyEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::Adopted { entry } => vec![PolicyName(entry.key).into()],
            Self::Proposed {
                proposal, entry, ..
            }
            | Self::Activated {
                proposal, entry, ..
            } => {
                vec![PolicyName(entry.key).into(), (*proposal).into()]
            }
            Self::Withdrawn { proposal, key, .. } => {
                vec![PolicyName(*key).into(), (*proposal).into()]
            }
        }
    }
}

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &PolicyEvent) {
    let policies = &mut hospital.policies;
    let mut adopt = |entry: &Entry, proposed_by: &UserId| {
        policies.versions.insert(
            (entry.key, entry.effective),
            Arc::new(Adopted {
                entry: entry.clone(),
                proposed_by: proposed_by.clone(),
                activated_by: stamp.by.clone(),
                stamp: stamp.clone(),
            }),
        );
    };
    match event {
        PolicyEvent::Adopted { entry } => adopt(entry, &stamp.by),
        PolicyEvent::Proposed {
            proposal,
            entry,
            reason,
        } => {
            hospital.next.proposal = proposal.next();
            policies.proposals.insert(
                *proposal,
                Arc::new(Proposal {
                    id: *proposal,
                    entry: entry.clone(),
                    reason: reason.clone(),
                    stamp: stamp.clone(),
                }),
            );
        }
        PolicyEvent::Activated {
            proposal,
            entry,
            proposed_by,
        } => {
            adopt(entry, proposed_by);
            policies.proposals.remove(proposal);
        }
        PolicyEvent::Withdrawn { proposal, .. } => {
            policies.proposals.remove(proposal);
        }
    }
}
