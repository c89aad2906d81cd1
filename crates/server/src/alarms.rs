//! Whose an alarm is, and how many wait for a person.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use lifeline_core::command::authorised;
use lifeline_core::due::{Alarm, AlarmKind, alarms};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::UserId;
use lifeline_core::people::Action;

/// How long a list of alarms stands while the state does not change: only the clock can add to it then.
const FRESH: SignedDuration = SignedDuration::from_secs(20);

/// What must be granted to act on an alarm; whoever may, sees it in the top bar.
pub fn acted_on_by(kind: AlarmKind) -> &'static [Action] {
    match kind {
        AlarmKind::FoundIncompatible | AlarmKind::CrossmatchUnreviewed => {
            &[Action::CrossmatchReview]
        }
        AlarmKind::EmergencyClock => &[Action::UnitIssue],
        AlarmKind::RetrospectiveOverdue | AlarmKind::RetrospectiveWaiting => {
            &[Action::CrossmatchRecord]
        }
        AlarmKind::NotReceived => &[Action::UnitFate, Action::UnitIssue],
        AlarmKind::NoFate => &[Action::UnitFate],
        AlarmKind::FailedMessage => &[Action::MessageHandle],
        AlarmKind::ResultUnverified => &[Action::TestVerify],
        AlarmKind::Quarantined => &[Action::UnitRelease],
        AlarmKind::AssessmentOverdue
        | AlarmKind::AssessmentLast
        | AlarmKind::AssessmentSecond
        | AlarmKind::AssessmentFirst => &[Action::AssessmentEnter, Action::AssessmentSubmit],
        AlarmKind::AssessmentUnsolved => &[Action::AssessmentManage],
        AlarmKind::SampleRejected => &[Action::WardAnswer],
        AlarmKind::NearMissOpen => &[Action::NearMissClose],
        AlarmKind::LotEnding | AlarmKind::LotReorder => &[Action::LotManage],
    }
}

/// The alarms of a moment, computed once a state and [`FRESH`].
#[derive(Debug, Clone, Default)]
pub struct Watch {
    last: Arc<Mutex<Option<Last>>>,
}

#[derive(Debug)]
struct Last {
    seq: u64,
    at: Timestamp,
    list: Arc<[Alarm]>,
}

impl Watch {
    /// Every alarm.
    pub fn all(&self, hospital: &Hospital, now: Timestamp) -> Arc<[Alarm]> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref()
            && last.seq == hospital.seq
            && now.duration_since(last.at).abs() < FRESH
        {
            return last.list.clone();
        }
        let list: Arc<[Alarm]> = alarms(hospital, now).into();
        *last = Some(Last {
            seq: hospital.seq,
            at: now,
            list: list.clone(),
        });
        list
    }

    /// How many alarms that must not wait are for this person to act on.
    pub fn count_for(&self, hospital: &Hospital, user: &UserId, now: Timestamp) -> usize {
        let list = self.all(hospital, now);
        AlarmKind::ALL
            .into_iter()
            .filter(|kind| kind.urgent() && answers(hospital, user, *kind, now))
            .map(|kind| list.iter().filter(|alarm| alarm.kind == kind).count())
            .sum()
    }
}

/// Whether a person may act on alarms of a kind.
pub fn answers(hospital: &Hospital, user: &UserId, kind: AlarmKind, now: Timestamp) -> bool {
    acted_on_by(kind)
        .iter()
        .any(|action| authorised(hospital, user, *action, now).is_ok())
}
