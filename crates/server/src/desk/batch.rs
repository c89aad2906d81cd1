use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use lifeline_core::command::{Context, decide};
use lifeline_core::event::{AuditEvent, Event};
use lifeline_core::finding::Refusal;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::id::UserId;
use lifeline_journal::{Draft, Entry, MAX_BODY_BYTES};
use uuid::Uuid;

use super::replay::{ReplayError, decode};
use super::{Answer, DeskError, Job, Outcome, Submission};

/// What became of a command, and who gave it.
pub(super) struct Given {
    pub by: UserId,
    pub outcome: Outcome,
}

/// A batch on its way: decided on a tentative copy, not yet durable.
pub(super) struct Batch {
    /// The state as it will be.
    pub hospital: Hospital,
    /// What is to be appended.
    pub drafts: Vec<Draft>,
    /// The kinds of what is to be appended, once each.
    pub kinds: Vec<&'static str>,
    outcomes: HashMap<Uuid, Given>,
    waiting: Vec<(Uuid, Answer)>,
}

impl Batch {
    /// A batch on a copy of the published state, knowing which commands have an outcome already.
    pub fn new(published: &Hospital, known: HashMap<Uuid, Given>) -> Self {
        Self {
            hospital: published.clone(),
            drafts: Vec::new(),
            kinds: Vec::new(),
            outcomes: known,
            waiting: Vec::new(),
        }
    }

    /// Decides one command. What has an outcome already keeps it.
    pub fn take(&mut self, job: Job, at: Timestamp) {
        let Job { submission, answer } = job;
        let id = submission.id;
        let by = submission.actor.clone();
        if self.outcomes.get(&id).is_some_and(|given| given.by != by) {
            // What became of it is the business of whoever gave it.
            let _ = answer.send(Err(DeskError::IdTaken(id)));
            return;
        }
        if !self.outcomes.contains_key(&id) {
            match self.decide(submission, at) {
                Ok(outcome) => {
                    self.outcomes.insert(id, Given { by, outcome });
                }
                Err(error) => {
                    // The caller may have gone; then nobody needs the answer.
                    let _ = answer.send(Err(error));
                    return;
                }
            }
        }
        self.waiting.push((id, answer));
    }

    fn decide(&mut self, submission: Submission, at: Timestamp) -> Result<Outcome, DeskError> {
        let Submission {
            id,
            command,
            actor,
            workstation,
            second,
            reasons,
            seen,
        } = submission;
        let context = Context {
            at,
            actor,
            second,
            reasons,
            seen,
        };
        let (events, refusal) = match decide(&self.hospital, &command, &context) {
            Ok(events) => (events, None),
            Err(refusal) => (vec![command.refused(&refusal)], Some(refusal)),
        };
        let mut drafts = Vec::with_capacity(events.len());
        for event in &events {
            let body = event
                .encode()
                .map_err(|error| DeskError::Encoding(Arc::new(error)))?;
            if body.len() > MAX_BODY_BYTES {
                return Err(DeskError::TooLarge(body.len()));
            }
            drafts.push(Draft {
                at_ms: at.as_millisecond(),
                actor: context.actor.as_str().into(),
                workstation: workstation.as_str().into(),
                command: id,
                kind: event.kind().into(),
                version: Event::VERSION,
                body,
                subjects: event.subjects().iter().map(ToString::to_string).collect(),
            });
        }
        let mut facts = Vec::with_capacity(events.len());
        for event in events {
            let stamp = Stamp {
                seq: self.hospital.seq + 1,
                at,
                by: context.actor.clone(),
            };
            self.hospital.apply(&stamp, &event);
            if !self.kinds.contains(&event.kind()) {
                self.kinds.push(event.kind());
            }
            facts.push((stamp, event));
        }
        self.drafts.append(&mut drafts);
        Ok(match refusal {
            Some(refusal) => Outcome::Refused(refusal),
            None => Outcome::Accepted {
                facts: facts.into(),
            },
        })
    }

    /// Answers everybody with their outcome.
    pub fn answer(self) {
        let Self {
            outcomes, waiting, ..
        } = self;
        for (id, answer) in waiting {
            if let Some(given) = outcomes.get(&id) {
                let _ = answer.send(Ok(given.outcome.clone()));
            }
        }
    }

    /// Tells everybody that nothing happened.
    pub fn fail(self, error: &DeskError) {
        for (_, answer) in self.waiting {
            let _ = answer.send(Err(error.clone()));
        }
    }
}

/// The outcome that entries of one command record, and whose it is; none without entries.
pub(super) fn outcome(entries: &[Entry]) -> Result<Option<Given>, ReplayError> {
    let facts = entries.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
    let Some(by) = facts.first().map(|(stamp, _)| stamp.by.clone()) else {
        return Ok(None);
    };
    if let [(_, Event::Audit(AuditEvent::Refused { findings, .. }))] = facts.as_slice() {
        let outcome = Outcome::Refused(Refusal {
            findings: findings.clone(),
        });
        return Ok(Some(Given { by, outcome }));
    }
    let outcome = Outcome::Accepted {
        facts: facts.into(),
    };
    Ok(Some(Given { by, outcome }))
}
