use jiff::Timestamp;

use super::{Context, authorised};
use crate::finding::{Finding, Reason, Refusal, Rule, Severity};
use crate::hospital::Hospital;
use crate::id::UserId;
use crate::people::Action;
use crate::policy::Key;

/// Collects findings, so that a refusal lists all of them and never only the first.
#[derive(Debug)]
pub struct Checks<'a> {
    hospital: &'a Hospital,
    context: &'a Context,
    /// Everything found so far.
    pub findings: Vec<Finding>,
}

impl<'a> Checks<'a> {
    /// Nothing found yet.
    pub fn new(hospital: &'a Hospital, context: &'a Context) -> Self {
        Self {
            hospital,
            context,
            findings: Vec::new(),
        }
    }

    /// Adds a finding.
    pub fn find(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Adds the finding unless the condition holds.
    pub fn require(&mut self, holds: bool, finding: impl FnOnce() -> Finding) {
        if !holds {
            self.findings.push(finding());
        }
    }

    /// The value, or `None` with the finding added.
    pub fn take<T>(&mut self, result: Result<T, Finding>) -> Option<T> {
        result.map_err(|finding| self.findings.push(finding)).ok()
    }

    /// The value, or `None` with all findings added.
    pub fn take_all<T>(&mut self, result: Result<T, Vec<Finding>>) -> Option<T> {
        result
            .map_err(|findings| self.findings.extend(findings))
            .ok()
    }

    /// A text with at least and at most so many characters, blanks at the ends not counted.
    pub fn text(&mut self, field: &'static str, text: &str, least: usize, most: usize) {
        let length = text.trim().chars().count();
        self.require(length >= least, || {
            Finding::bad_value(field, "why-too-short").with("least", least as i64)
        });
        self.require(length <= most, || {
            Finding::bad_value(field, "why-too-long").with("most", most as i64)
        });
    }

    /// Words that say why: [`Reason::LEAST`] to [`Reason::MOST`] characters.
    pub fn told(&mut self, field: &'static str, text: &str) {
        self.text(field, text, Reason::LEAST, Reason::MOST);
    }

    /// Words that may be left out: at most [`Reason::MOST`] characters.
    pub fn brief(&mut self, field: &'static str, text: &str) {
        self.text(field, text, 0, Reason::MOST);
    }

    /// A moment that must have been.
    pub fn past(&mut self, field: &'static str, when: Timestamp) {
        let now = self.context.at;
        self.require(when <= now, || {
            Finding::bad_value(field, "why-in-the-future")
                .with("value", when)
                .with("now", now)
        });
    }

    /// A code that must be one of a policy's words.
    pub fn coded(&mut self, key: Key, field: &'static str, code: &str) {
        let words = self.hospital.policies.words(key, self.context.at);
        if let Some(words) = self.take(words) {
            let listed = words.iter().any(|word| word == code);
            self.require(listed, || {
                Finding::bad_value(field, "why-not-listed").with("policy", key.name())
            });
        }
    }

    /// The second person's signature: another, active person who is granted `action`.
    pub fn second(&mut self, action: Action) -> Option<UserId> {
        let signature = self.signature(action);
        self.take(signature)
    }

    fn signature(&self, action: Action) -> Result<UserId, Finding> {
        let second = self.context.second.as_ref().ok_or_else(|| {
            Finding::new(Rule::SecondPersonNeeded).word(
                "action",
                format!("action-{}", action.name().replace('.', "-")),
            )
        })?;
        if *second == self.context.actor {
            return Err(Finding::new(Rule::SecondPersonSame).with("user", second.as_str()));
        }
        authorised(self.hospital, second, action, self.context.at)
            .map(|_| second.clone())
            .map_err(|finding| match finding.rule {
                Rule::NotPermitted => Finding {
                    rule: Rule::SecondPersonNotPermitted,
                    ..finding
                },
                _ => finding,
            })
    }

    /// Ends the checking. Stops refuse; a warning refuses unless the context carries a reason for its rule and the actor
    /// holds the privilege the rule names. What was gone past comes back with its reasons, to be recorded.
    pub fn settle(mut self) -> Result<Vec<(Finding, Reason)>, Refusal> {
        let mut settled = Vec::new();
        let mut refused = false;
        let mut lacking = Vec::new();
        for finding in &self.findings {
            let reason = self.context.reasons.iter().find(|reason| {
                let length = reason.text.trim().chars().count();
                reason.rule == finding.rule && (Reason::LEAST..=Reason::MOST).contains(&length)
            });
            match (finding.severity, finding.rule.overridden_by(), reason) {
                (Severity::Warning, Some(privilege), Some(reason)) => {
                    match authorised(
                        self.hospital,
                        &self.context.actor,
                        privilege,
                        self.context.at,
                    ) {
                        Ok(_) => settled.push((finding.clone(), reason.clone())),
                        Err(denied) => lacking.push(denied),
                    }
                }
                _ => refused = true,
            }
        }
        if refused || !lacking.is_empty() {
            self.findings.extend(lacking);
            self.findings
                .sort_by_key(|finding| std::cmp::Reverse(finding.severity));
            return Err(Refusal {
                findings: self.findings,
            });
        }
        Ok(settled)
    }
}
