use std::collections::BTreeSet;

use imbl::OrdMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GovernanceEvent, TITLE_MOST};
use crate::command::{Checks, Context, Decide, Decision, working};
use crate::finding::{Finding, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{DocumentId, UserId};
use crate::people::{Action, Role};
use crate::subject::Subject;

/// One edition of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// Counted from 1.
    pub number: u32,
    /// Title.
    pub title: String,
    /// Where the text lies: an address or a folder.
    pub place: String,
    /// SHA-256 of the text in hex, so that the signed text can be told from any other.
    pub digest: Option<String>,
    /// In force from.
    pub effective: Timestamp,
    /// Roles whose people must read and sign it.
    pub readers: BTreeSet<Role>,
    /// Who wrote it, when.
    pub published: Stamp,
    /// Who approved it.
    pub approved: UserId,
    /// Who has read it, when.
    pub read: OrdMap<UserId, Timestamp>,
}

/// A controlled document with all its editions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Code.
    pub id: DocumentId,
    /// Oldest first.
    pub editions: Vec<Edition>,
    /// Why, by whom and when it was taken out of force.
    pub retired: Option<(String, Stamp)>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Document {
    /// The edition in force at a moment.
    pub fn in_force(&self, at: Timestamp) -> Option<&Edition> {
        if self.retired.is_some() {
            return None;
        }
        self.editions
            .iter()
            .rev()
            .find(|edition| edition.effective <= at)
    }
}

/// Puts a new edition of a document in force; the second person approves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishDocument {
    /// Code.
    pub document: DocumentId,
    /// The edition this will be: 1 for a new document, else one more than the newest.
    pub edition: u32,
    /// Title.
    pub title: String,
    /// Where the text lies.
    pub place: String,
    /// SHA-256 of the text in hex.
    pub digest: Option<String>,
    /// In force from; not before the edition before it.
    pub effective: Timestamp,
    /// Roles whose people must read and sign it.
    pub readers: BTreeSet<Role>,
}

impl Decide for PublishDocument {
    fn action(&self) -> Action {
        Action::DocumentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.document.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let known = hospital.governance.documents.get(&self.document);
        let newest = known.and_then(|document| document.editions.last());
        checks.text("title", &self.title, 1, TITLE_MOST);
        checks.text("place", &self.place, 1, TITLE_MOST);
        let next = newest.map_or(1, |edition| edition.number.saturating_add(1));
        checks.require(self.edition == next, || {
            Finding::bad_value("edition", "why-edition-not-next").with("next", i64::from(next))
        });
        checks.require(
            newest.is_none_or(|edition| edition.effective <= self.effective),
            || Finding::bad_value("effective", "why-before-last-edition"),
        );
        checks.require(
            self.digest.as_ref().is_none_or(|digest| {
                digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
            }),
            || Finding::bad_value("digest", "why-no-digest"),
        );
        checks.require(!self.readers.is_empty(), || {
            Finding::bad_value("readers", "why-none-chosen")
        });
        let approved = checks.second(Action::DocumentApprove);
        checks.settle()?;
        Ok(approved
            .map(|approved| {
                GovernanceEvent::DocumentPublished {
                    document: self.document.clone(),
                    edition: self.edition,
                    title: self.title.trim().into(),
                    place: self.place.trim().into(),
                    digest: self.digest.as_ref().map(|text| text.to_ascii_lowercase()),
                    effective: self.effective,
                    readers: self.readers.clone(),
                    approved,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}

/// Says "I have read this edition". Nobody has to grant that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignDocument {
    /// Code.
    pub document: DocumentId,
    /// The edition that was read.
    pub edition: u32,
}

impl Decide for SignDocument {
    fn action(&self) -> Action {
        Action::ViewGovernance
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.document.clone().into()]
    }

    fn permit(&self, hospital: &Hospital, context: &Context) -> Result<(), Finding> {
        working(hospital, &context.actor).map(|_| ())
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let Some(document) = hospital.governance.documents.get(&self.document) else {
            return Err(Finding::not_found(self.document.clone()).into());
        };
        let edition = document
            .in_force(context.at)
            .filter(|edition| edition.number == self.edition)
            .ok_or_else(|| {
                Finding::new(Rule::WrongState).with("subject", Subject::from(self.document.clone()))
            })?;
        if edition.read.contains_key(&context.actor) {
            return Ok(Vec::new());
        }
        Ok(vec![
            GovernanceEvent::DocumentSigned {
                document: self.document.clone(),
                edition: self.edition,
                reader: context.actor.clone(),
            }
            .into(),
        ])
    }
}

/// Takes a document out of force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetireDocument {
    /// Code.
    pub document: DocumentId,
    /// Why.
    pub reason: String,
}

impl Decide for RetireDocument {
    fn action(&self) -> Action {
        Action::DocumentManage
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.document.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        match hospital.governance.documents.get(&self.document) {
            None => checks.find(Finding::not_found(self.document.clone())),
            Some(document) => checks.require(document.retired.is_none(), || {
                Finding::new(Rule::WrongState).with("subject", Subject::from(self.document.clone()))
            }),
        }
        checks.told("reason", &self.reason);
        let second = checks.second(Action::DocumentApprove);
        checks.settle()?;
        Ok(second
            .map(|second| {
                GovernanceEvent::DocumentRetired {
                    document: self.document.clone(),
                    reason: self.reason.trim().into(),
                    second,
                }
                .into()
            })
            .into_iter()
            .collect())
    }
}
