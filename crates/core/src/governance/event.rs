use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::comparison::{Row, Verdict, Versus};
use super::competence::AssessmentMethod;
use super::nonconformity::{ActionKind, NonconformitySource, Weight};
use super::review::ReviewKind;
use crate::id::{ComparisonId, DocumentId, NonconformityId, ReviewId, UserId};
use crate::people::Role;
use crate::subject::Subject;

/// Facts about how the department governs itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GovernanceEvent {
    /// A new edition of a document was approved.
    DocumentPublished {
        /// Code.
        document: DocumentId,
        /// Edition, counted from 1.
        edition: u32,
        /// Title.
        title: String,
        /// Where the text lies.
        place: String,
        /// SHA-256 of the text in hex.
        digest: Option<String>,
        /// In force from.
        effective: Timestamp,
        /// Roles whose people must read and sign it.
        readers: BTreeSet<Role>,
        /// Who approved it beside the author.
        approved: UserId,
    },
    /// A person has read the edition.
    DocumentSigned {
        /// Code.
        document: DocumentId,
        /// Edition.
        edition: u32,
        /// Who.
        reader: UserId,
    },
    /// No longer in force.
    DocumentRetired {
        /// Code.
        document: DocumentId,
        /// Why.
        reason: String,
        /// Who signed beside the actor.
        second: UserId,
    },
    /// Something was not as it must be.
    NonconformityReported {
        /// Number.
        nonconformity: NonconformityId,
        /// Where it came to light.
        source: NonconformitySource,
        /// How heavy.
        weight: Weight,
        /// What happened.
        text: String,
        /// What it is about.
        about: Option<Subject>,
        /// When it happened.
        happened: Timestamp,
    },
    /// The cause was found.
    NonconformityAnalysed {
        /// Which.
        nonconformity: NonconformityId,
        /// The cause.
        cause: String,
    },
    /// Something is to be done about it.
    ActionPlanned {
        /// Which.
        nonconformity: NonconformityId,
        /// Correction, corrective or preventive.
        kind: ActionKind,
        /// What.
        text: String,
        /// By whom.
        who: UserId,
        /// By when.
        due: Timestamp,
    },
    /// It was done.
    ActionCompleted {
        /// Which.
        nonconformity: NonconformityId,
        /// Which of its actions, from 0.
        action: u32,
        /// What was done.
        done: String,
    },
    /// Somebody who did not do it judged whether it helped: closed if it did, back to the cause if not.
    EffectivenessJudged {
        /// Which.
        nonconformity: NonconformityId,
        /// Whether it helped.
        effective: bool,
        /// By what it is known.
        evidence: String,
    },
    /// A person's competence was assessed.
    CompetenceAssessed {
        /// Whose.
        person: UserId,
        /// In what.
        item: String,
        /// How.
        method: AssessmentMethod,
        /// Passed or not.
        passed: bool,
        /// Until when it counts.
        until: Timestamp,
        /// What was seen.
        note: String,
    },
    /// Ways of measuring were compared.
    Compared {
        /// Number.
        comparison: ComparisonId,
        /// Of what with what.
        versus: Versus,
        /// The test item.
        item: String,
        /// The ways compared, the reference first.
        parties: Vec<String>,
        /// One row a sample.
        rows: Vec<Row>,
        /// What follows by the limits in force.
        verdict: Verdict,
    },
    /// An audit or a management review was held.
    Reviewed {
        /// Number.
        review: ReviewId,
        /// Which kind.
        kind: ReviewKind,
        /// On which day.
        held: Date,
        /// What was looked at.
        scope: String,
        /// What came of it.
        conclusion: String,
        /// The nonconformities it found.
        nonconformities: Vec<NonconformityId>,
        /// Who signed beside the actor.
        second: UserId,
    },
}

kinds!(GovernanceEvent, "governance" {
    DocumentPublished => "document_published", DocumentSigned => "document_signed", DocumentRetired => "document_retired",
    NonconformityReported => "nonconformity_reported", NonconformityAnalysed => "nonconformity_analysed",
    ActionPlanned => "action_planned", ActionCompleted => "action_completed", EffectivenessJudged => "effectiveness_judged",
    CompetenceAssessed => "competence_assessed", Compared => "compared", Reviewed => "reviewed",
});

impl GovernanceEvent {
    /// What the fact is about.
    pub fn subjects(&self) -> Vec<Subject> {
        match self {
            Self::DocumentPublished { document, .. } | Self::DocumentRetired { document, .. } => {
                vec![document.clone().into()]
            }
            Self::DocumentSigned {
                document, reader, ..
            } => vec![document.clone().into(), reader.clone().into()],
            Self::NonconformityReported {
                nonconformity,
                about,
                ..
            } => std::iter::once(Subject::from(*nonconformity))
                .chain(about.clone())
                .collect(),
            Self::ActionPlanned {
                nonconformity, who, ..
            } => vec![(*nonconformity).into(), who.clone().into()],
            Self::NonconformityAnalysed { nonconformity, .. }
            | Self::ActionCompleted { nonconformity, .. }
            | Self::EffectivenessJudged { nonconformity, .. } => vec![(*nonconformity).into()],
            Self::CompetenceAssessed { person, .. } => vec![person.clone().into()],
            Self::Compared { comparison, .. } => vec![(*comparison).into()],
            Self::Reviewed {
                review,
                nonconformities,
                ..
            } => std::iter::once(Subject::from(*review))
                .chain(nonconformities.iter().copied().map(Subject::from))
                .collect(),
        }
    }
}
