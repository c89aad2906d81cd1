use std::sync::Arc;

use super::nonconformity::Round;
use super::{
    Assessment, Comparison, Document, Edition, GovernanceEvent, Nonconformity, Planned, Review,
};
use crate::hospital::{Hospital, Stamp};
use crate::id::NonconformityId;

/// Carries a fact into the state.
pub fn apply(hospital: &mut Hospital, stamp: &Stamp, event: &GovernanceEvent) {
    let next = &mut hospital.next;
    let state = &mut hospital.governance;
    match event.clone() {
        GovernanceEvent::DocumentPublished {
            document,
            edition,
            title,
            place,
            digest,
            effective,
            readers,
            approved,
        } => {
            let entry = state.documents.entry(document.clone()).or_insert_with(|| {
                Arc::new(Document {
                    id: document,
                    editions: Vec::new(),
                    retired: None,
                    changed: stamp.clone(),
                })
            });
            let entry = Arc::make_mut(entry);
            entry.retired = None;
            entry.changed = stamp.clone();
            entry.editions.push(Edition {
                number: edition,
                title,
                place,
                digest,
                effective,
                readers,
                published: stamp.clone(),
                approved,
                read: Default::default(),
            });
        }
        GovernanceEvent::DocumentSigned {
            document,
            edition,
            reader,
        } => {
            // Reading does not change the document: forms of others stay fresh.
            if let Some(entry) = state.documents.get_mut(&document)
                && let Some(edition) = Arc::make_mut(entry)
                    .editions
                    .iter_mut()
                    .find(|known| known.number == edition)
            {
                edition.read.insert(reader, stamp.at);
            }
        }
        GovernanceEvent::DocumentRetired {
            document, reason, ..
        } => {
            if let Some(entry) = state.documents.get_mut(&document) {
                let entry = Arc::make_mut(entry);
                entry.retired = Some((reason, stamp.clone()));
                entry.changed = stamp.clone();
            }
        }
        GovernanceEvent::NonconformityReported {
            nonconformity,
            source,
            weight,
            text,
            about,
            happened,
        } => {
            next.nonconformity = nonconformity.next();
            state.nonconformities.insert(
                nonconformity,
                Arc::new(Nonconformity {
                    id: nonconformity,
                    source,
                    weight,
                    text,
                    about,
                    happened,
                    reported: stamp.clone(),
                    rounds: vec![Round::default()],
                    changed: stamp.clone(),
                }),
            );
        }
        GovernanceEvent::NonconformityAnalysed {
            nonconformity,
            cause,
        } => round(hospital, stamp, nonconformity, |round| {
            round.cause = Some((cause, stamp.clone()));
        }),
        GovernanceEvent::ActionPlanned {
            nonconformity,
            kind,
            text,
            who,
            due,
        } => round(hospital, stamp, nonconformity, |round| {
            round.actions.push(Planned {
                kind,
                text,
                who,
                due,
                done: None,
            });
        }),
        GovernanceEvent::ActionCompleted {
            nonconformity,
            action,
            done,
        } => round(hospital, stamp, nonconformity, |round| {
            if let Some(planned) = round.actions.get_mut(action as usize) {
                planned.done = Some((done, stamp.clone()));
            }
        }),
        GovernanceEvent::EffectivenessJudged {
            nonconformity,
            effective,
            evidence,
        } => {
            round(hospital, stamp, nonconformity, |round| {
                round.judged = Some((effective, evidence, stamp.clone()));
            });
            if !effective
                && let Some(case) = hospital.governance.nonconformities.get_mut(&nonconformity)
            {
                Arc::make_mut(case).rounds.push(Round::default());
            }
        }
        GovernanceEvent::CompetenceAssessed {
            person,
            item,
            method,
            passed,
            until,
            note,
        } => state
            .competence
            .entry(person)
            .or_default()
            .push_back(Assessment {
                item,
                method,
                passed,
                until,
                note,
                assessed: stamp.clone(),
            }),
        GovernanceEvent::Compared {
            comparison,
            versus,
            item,
            parties,
            rows,
            verdict,
        } => {
            next.comparison = comparison.next();
            state.comparisons.insert(
                comparison,
                Arc::new(Comparison {
                    id: comparison,
                    versus,
                    item,
                    parties,
                    rows,
                    verdict,
                    recorded: stamp.clone(),
                }),
            );
        }
        GovernanceEvent::Reviewed {
            review,
            kind,
            held,
            scope,
            conclusion,
            nonconformities,
            ..
        } => {
            next.review = review.next();
            state.reviews.insert(
                review,
                Arc::new(Review {
                    id: review,
                    kind,
                    held,
                    scope,
                    conclusion,
                    nonconformities,
                    recorded: stamp.clone(),
                }),
            );
        }
    }
}

/// Changes the round under way of a case.
fn round(
    hospital: &mut Hospital,
    stamp: &Stamp,
    id: NonconformityId,
    change: impl FnOnce(&mut Round),
) {
    if let Some(case) = hospital.governance.nonconformities.get_mut(&id) {
        let case = Arc::make_mut(case);
        case.changed = stamp.clone();
        if let Some(round) = case.rounds.last_mut() {
            change(round);
        }
    }
}
