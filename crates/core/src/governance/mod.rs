//! How the department governs itself: controlled documents, nonconformities and what was done about them, competence,
//! comparisons between ways of measuring, audits and management reviews (ISO 15189, WS/T 250 in spirit).

mod apply;
mod comparison;
mod competence;
mod document;
mod event;
mod limits;
mod nonconformity;
mod review;
#[cfg(test)]
mod tests;

pub use apply::apply;
pub use comparison::{Comparison, RecordComparison, Row, SAMPLES_MOST, Scale, Verdict, Versus};
pub use competence::{Assessment, AssessmentMethod, RecordCompetence};
pub use document::{Document, Edition, PublishDocument, RetireDocument, SignDocument};
pub use event::GovernanceEvent;
pub use limits::grades_agree;
pub(crate) use limits::unsound;
pub use limits::{ANY_ITEM, ComparisonLimit};
pub use nonconformity::{
    ActionKind, AnalyseNonconformity, CompleteAction, JudgeEffectiveness, Nonconformity,
    NonconformitySource, PlanAction, Planned, ReportNonconformity, Round, Stage, Weight,
};
pub use review::{RecordReview, Review, ReviewKind};

use std::sync::Arc;

use imbl::{OrdMap, Vector};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::hospital::Hospital;
use crate::id::{ComparisonId, DocumentId, NonconformityId, ReviewId, UserId};

/// The most characters of a title, an item or a place.
pub const TITLE_MOST: usize = 120;
/// The most characters of a description.
pub const TEXT_MOST: usize = 2000;

/// Declares an enum whose variants have a word for commands and message keys.
macro_rules! worded {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in commands and message keys.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}
pub(crate) use worded;

/// Everything the department keeps about its own work.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Governance {
    /// Controlled documents by their code.
    pub documents: OrdMap<DocumentId, Arc<Document>>,
    /// Nonconformities.
    pub nonconformities: OrdMap<NonconformityId, Arc<Nonconformity>>,
    /// Audits and reviews.
    pub reviews: OrdMap<ReviewId, Arc<Review>>,
    /// Comparisons.
    pub comparisons: OrdMap<ComparisonId, Arc<Comparison>>,
    /// Each person's assessments, oldest first.
    pub competence: OrdMap<UserId, Vector<Assessment>>,
}

impl Governance {
    /// Nonconformities that somebody still has to do something about, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Arc<Nonconformity>> {
        self.nonconformities
            .values()
            .filter(|case| case.stage() != Stage::Closed)
    }

    /// Who still has to read which document that is in force at a moment.
    pub fn unread(&self, hospital: &Hospital, at: Timestamp) -> Vec<(DocumentId, UserId)> {
        let mut list = Vec::new();
        for document in self.documents.values() {
            let Some(edition) = document.in_force(at) else {
                continue;
            };
            for (id, person) in hospital.people.iter().filter(|(_, person)| person.active) {
                let reader = person
                    .roles
                    .iter()
                    .any(|role| edition.readers.contains(role));
                if reader && !edition.read.contains_key(id) {
                    list.push((document.id.clone(), id.clone()));
                }
            }
        }
        list
    }

    /// What a person is assessed in as competent at a moment: the newest assessment of each item counts.
    pub fn competent(&self, person: &UserId, item: &str, at: Timestamp) -> bool {
        self.competence
            .get(person)
            .and_then(|all| all.iter().rev().find(|one| one.item == item))
            .is_some_and(|newest| newest.passed && at < newest.until)
    }
}
