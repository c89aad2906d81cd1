use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{GovernanceEvent, TEXT_MOST, worded};
use crate::command::{Checks, Context, Decide, Decision, working};
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::{Hospital, Stamp};
use crate::id::{NonconformityId, UserId};
use crate::people::Action;
use crate::subject::Subject;

worded! {
    /// Where a nonconformity came to light.
    NonconformitySource {
        /// A control out of its limits.
        Control = "control",
        /// External assessment.
        Assessment = "assessment",
        /// Audit or review.
        Audit = "audit",
        /// A complaint of a ward or a patient.
        Complaint = "complaint",
        /// A mistake caught in time.
        NearMiss = "near-miss",
        /// A machine or a refrigerator.
        Equipment = "equipment",
        /// Anything else in the work.
        Work = "work",
    }
}

worded! {
    /// How heavily a nonconformity weighs.
    Weight {
        /// No effect on results or bags.
        Minor = "minor",
        /// Might have had an effect.
        Major = "major",
        /// Had an effect on a patient, or nearly.
        Critical = "critical",
    }
}

worded! {
    /// What an action is for.
    ActionKind {
        /// Puts this case right.
        Correction = "correction",
        /// Removes the cause.
        Corrective = "corrective",
        /// Keeps the like from happening elsewhere.
        Preventive = "preventive",
    }
}

worded! {
    /// What a nonconformity waits for.
    Stage {
        /// Its cause.
        Cause = "cause",
        /// Somebody to say what is to be done.
        Plan = "plan",
        /// What was planned to be done.
        Action = "action",
        /// Somebody else to judge whether it helped.
        Effect = "effect",
        /// Nothing.
        Closed = "closed",
    }
}

/// Something that was to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What for.
    pub kind: ActionKind,
    /// What.
    pub text: String,
    /// By whom.
    pub who: UserId,
    /// By when.
    pub due: Timestamp,
    /// What was done, by whom, when.
    pub done: Option<(String, Stamp)>,
}

/// One round of cause, action and effect.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Round {
    /// The cause, who found it, when.
    pub cause: Option<(String, Stamp)>,
    /// What was planned after it.
    pub actions: Vec<Planned>,
    /// Whether it helped, by what that is known, who judged, when.
    pub judged: Option<(bool, String, Stamp)>,
}

/// A nonconformity and everything done about it; when the actions did not help, another round begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonconformity {
    /// Number.
    pub id: NonconformityId,
    /// Where it came to light.
    pub source: NonconformitySource,
    /// How heavy.
    pub weight: Weight,
    /// What happened.
    pub text: String,
    /// What it is about.
    pub about: Option<Subject>,
    /// When it happened.
    pub happened: Timestamp,
    /// Who reported it, when.
    pub reported: Stamp,
    /// Rounds, oldest first; never empty.
    pub rounds: Vec<Round>,
    /// The journal entry that last changed it.
    pub changed: Stamp,
}

impl Nonconformity {
    /// The round under way, or the last.
    pub fn round(&self) -> Option<&Round> {
        self.rounds.last()
    }

    /// What it waits for.
    pub fn stage(&self) -> Stage {
        let Some(round) = self.round() else {
            return Stage::Cause;
        };
        match (&round.judged, &round.cause) {
            (Some(_), _) => Stage::Closed,
            (None, None) => Stage::Cause,
            _ if round.actions.is_empty() => Stage::Plan,
            _ if round.actions.iter().any(|action| action.done.is_none()) => Stage::Action,
            _ => Stage::Effect,
        }
    }

    /// The first deadline that is not met yet.
    pub fn due(&self) -> Option<Timestamp> {
        let actions = self.round()?.actions.iter();
        actions
            .filter(|action| action.done.is_none())
            .map(|action| action.due)
            .min()
    }

    /// When it was closed.
    pub fn closed(&self) -> Option<Timestamp> {
        let (_, _, stamp) = self.round()?.judged.as_ref()?;
        (self.stage() == Stage::Closed).then_some(stamp.at)
    }
}

/// Says that something was not as it must be. Everybody may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportNonconformity {
    /// Where it came to light.
    pub source: NonconformitySource,
    /// How heavy.
    pub weight: Weight,
    /// What happened.
    pub text: String,
    /// What it is about.
    pub about: Option<Subject>,
    /// When it happened.
    pub happened: Timestamp,
}

impl Decide for ReportNonconformity {
    fn action(&self) -> Action {
        Action::ViewGovernance
    }

    fn subjects(&self) -> Vec<Subject> {
        self.about.iter().cloned().collect()
    }

    fn permit(&self, hospital: &Hospital, context: &Context) -> Result<(), Finding> {
        working(hospital, &context.actor).map(|_| ())
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.text("text", &self.text, Reason::LEAST, TEXT_MOST);
        checks.past("happened", self.happened);
        checks.settle()?;
        Ok(vec![
            GovernanceEvent::NonconformityReported {
                nonconformity: hospital.next.nonconformity,
                source: self.source,
                weight: self.weight,
                text: self.text.trim().into(),
                about: self.about.clone(),
                happened: self.happened,
            }
            .into(),
        ])
    }
}

/// The case, if it waits for one of these stages.
fn waiting<'a>(
    hospital: &'a Hospital,
    id: NonconformityId,
    stages: &[Stage],
) -> Result<&'a Nonconformity, Finding> {
    let case = hospital
        .governance
        .nonconformities
        .get(&id)
        .ok_or_else(|| Finding::not_found(id))?;
    if stages.contains(&case.stage()) {
        Ok(case)
    } else {
        Err(Finding::new(Rule::WrongState)
            .with("subject", Subject::from(id))
            .word("state", format!("stage-{}", case.stage().as_str())))
    }
}

/// Says what the cause was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalyseNonconformity {
    /// Which.
    pub nonconformity: NonconformityId,
    /// The cause.
    pub cause: String,
}

impl Decide for AnalyseNonconformity {
    fn action(&self) -> Action {
        Action::NonconformityHandle
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.nonconformity.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.take(waiting(
            hospital,
            self.nonconformity,
            &[Stage::Cause, Stage::Plan],
        ));
        checks.text("cause", &self.cause, Reason::LEAST, TEXT_MOST);
        checks.settle()?;
        Ok(vec![
            GovernanceEvent::NonconformityAnalysed {
                nonconformity: self.nonconformity,
                cause: self.cause.trim().into(),
            }
            .into(),
        ])
    }
}

/// Says what is to be done, by whom, by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAction {
    /// Which.
    pub nonconformity: NonconformityId,
    /// What for.
    pub kind: ActionKind,
    /// What.
    pub text: String,
    /// By whom.
    pub who: UserId,
    /// By when.
    pub due: Timestamp,
}

impl Decide for PlanAction {
    fn action(&self) -> Action {
        Action::NonconformityHandle
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.nonconformity.into(), self.who.clone().into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let stages = [Stage::Plan, Stage::Action, Stage::Effect];
        checks.take(waiting(hospital, self.nonconformity, &stages));
        checks.text("text", &self.text, Reason::LEAST, TEXT_MOST);
        checks.take(working(hospital, &self.who));
        checks.require(self.due > context.at, || {
            Finding::bad_value("due", "why-in-the-past")
        });
        checks.settle()?;
        Ok(vec![
            GovernanceEvent::ActionPlanned {
                nonconformity: self.nonconformity,
                kind: self.kind,
                text: self.text.trim().into(),
                who: self.who.clone(),
                due: self.due,
            }
            .into(),
        ])
    }
}

/// Says that something planned was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompleteAction {
    /// Which.
    pub nonconformity: NonconformityId,
    /// Which of the actions of the round, from 0.
    pub action: u32,
    /// What was done.
    pub done: String,
}

impl Decide for CompleteAction {
    fn action(&self) -> Action {
        Action::NonconformityHandle
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.nonconformity.into()]
    }

    /// Who handles cases, and whoever the action was given to.
    fn permit(&self, hospital: &Hospital, context: &Context) -> Result<(), Finding> {
        let person = working(hospital, &context.actor)?;
        let given = hospital
            .governance
            .nonconformities
            .get(&self.nonconformity)
            .and_then(|case| case.round()?.actions.get(self.action as usize))
            .is_some_and(|action| action.who == person.id);
        if given {
            return Ok(());
        }
        crate::command::authorised(hospital, &context.actor, self.action(), context.at).map(|_| ())
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let case = checks.take(waiting(hospital, self.nonconformity, &[Stage::Action]));
        let action = case
            .and_then(|case| case.round())
            .map(|round| round.actions.get(self.action as usize));
        if let Some(action) = action {
            let open = action.is_some_and(|action| action.done.is_none());
            checks.require(open, || Finding::bad_value("action", "why-not-listed"));
        }
        checks.text("done", &self.done, Reason::LEAST, TEXT_MOST);
        checks.settle()?;
        Ok(vec![
            GovernanceEvent::ActionCompleted {
                nonconformity: self.nonconformity,
                action: self.action,
                done: self.done.trim().into(),
            }
            .into(),
        ])
    }
}

/// Judges whether it helped. Only by somebody who did none of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeEffectiveness {
    /// Which.
    pub nonconformity: NonconformityId,
    /// Whether it helped.
    pub effective: bool,
    /// By what that is known.
    pub evidence: String,
}

impl Decide for JudgeEffectiveness {
    fn action(&self) -> Action {
        Action::NonconformityClose
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.nonconformity.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let case = checks.take(waiting(hospital, self.nonconformity, &[Stage::Effect]));
        let did = case.and_then(Nonconformity::round).is_some_and(|round| {
            round.actions.iter().any(|action| {
                action.who == context.actor
                    || action
                        .done
                        .as_ref()
                        .is_some_and(|(_, stamp)| stamp.by == context.actor)
            })
        });
        checks.require(!did, || {
            Finding::new(Rule::SecondPersonSame).with("user", context.actor.as_str())
        });
        checks.text("evidence", &self.evidence, Reason::LEAST, TEXT_MOST);
        checks.settle()?;
        Ok(vec![
            GovernanceEvent::EffectivenessJudged {
                nonconformity: self.nonconformity,
                effective: self.effective,
                evidence: self.evidence.trim().into(),
            }
            .into(),
        ])
    }
}
