//! What falls due by the clock, and what must be seen by somebody. The core reads no clock: the server sleeps until the next
//! due moment, and the board asks for the alarms of now.

use jiff::Timestamp;
use serde::Serialize;

use crate::assessment::{ALERTS, Nearness, RoundState, nearness};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::policy::Key;
use crate::request::Urgency;
use crate::subject::Subject;
use crate::unit::Status;

/// What happens at a moment unless somebody acts before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DueKind {
    /// A reservation lapses: [`crate::crossmatch::LapseReservations`] is to be run.
    ReservationLapses,
    /// A sample may no longer be used.
    SampleExpires,
    /// The retrospective crossmatch of an emergency release is late.
    RetrospectiveCrossmatch,
    /// An emergency request still has no blood.
    EmergencyFirstUnit,
    /// The deadline of a round of external assessment comes nearer by one alert, or is there.
    AssessmentDeadline,
}

/// One thing that falls due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Due {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: DueKind,
    /// To which thing.
    pub subject: Subject,
}

/// The next thing of each kind that falls due after a moment, soonest first; reservations that have run out already come
/// as well, because they wait for a command.
pub fn due(hospital: &Hospital, after: Timestamp) -> Vec<Due> {
    let mut list: Vec<Due> = Vec::new();
    let mut put = |kind, found: Option<(Timestamp, Subject)>| {
        list.extend(found.map(|(at, subject)| Due { at, kind, subject }));
    };
    put(
        DueKind::ReservationLapses,
        hospital
            .units
            .held()
            .next()
            .map(|(until, unit)| (until, unit.id.into())),
    );
    put(
        DueKind::SampleExpires,
        hospital
            .samples
            .expiring(after)
            .next()
            .map(|sample| (sample.expires, sample.id.clone().into())),
    );
    put(
        DueKind::RetrospectiveCrossmatch,
        hospital.issues.retrospective().find_map(|issue| {
            let due = issue.retrospective_due.filter(|due| *due > after)?;
            Some((due, issue.id.into()))
        }),
    );
    put(
        DueKind::EmergencyFirstUnit,
        emergencies(hospital, after).find(|(deadline, _)| *deadline > after),
    );
    put(
        DueKind::AssessmentDeadline,
        deadlines(hospital, after).min(),
    );
    list.sort();
    list
}

/// The next alert or deadline after a moment of every round of external assessment that is not sent.
fn deadlines(
    hospital: &Hospital,
    after: Timestamp,
) -> impl Iterator<Item = (Timestamp, Subject)> + '_ {
    let spans = ALERTS.map(|(key, _)| hospital.policies.span(key, after).ok());
    hospital.assessments.due().filter_map(move |round| {
        let alerts = spans
            .into_iter()
            .flatten()
            .filter_map(|span| round.deadline.checked_sub(span).ok());
        let next = alerts
            .chain([round.deadline])
            .filter(|moment| *moment > after)
            .min()?;
        Some((next, round.id.into()))
    })
}

/// Open emergency requests without blood, with their deadlines.
fn emergencies(
    hospital: &Hospital,
    at: Timestamp,
) -> impl Iterator<Item = (Timestamp, Subject)> + '_ {
    let target = hospital.policies.span(Key::EmergencyFirstUnit, at).ok();
    hospital
        .requests
        .open()
        .take_while(|request| request.order.urgency == Urgency::Emergency)
        .filter(|request| request.first_issued.is_none())
        .filter_map(move |request| {
            let deadline = request.placed.at.checked_add(target?).ok()?;
            Some((deadline, request.id.into()))
        })
}

/// What somebody must see now, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// A unit that left in an emergency was found incompatible.
    FoundIncompatible,
    /// An emergency request has no blood yet; the clock runs.
    EmergencyClock,
    /// A retrospective crossmatch is late.
    RetrospectiveOverdue,
    /// A retrospective crossmatch is waiting, not late yet.
    RetrospectiveWaiting,
    /// Handed over, and the ward has not said it arrived.
    NotReceived,
    /// Handed over long ago without a fate.
    NoFate,
    /// A sample was rejected, and its ward has not answered.
    SampleRejected,
    /// Messages of devices that could not be acted on.
    FailedMessage,
    /// A crossmatch waits for its second person.
    CrossmatchUnreviewed,
    /// A result waits for its second person.
    ResultUnverified,
    /// A unit is in quarantine and waits for a decision.
    Quarantined,
    /// Results of external assessment were not sent in time.
    AssessmentOverdue,
    /// The last alert before a deadline of external assessment.
    AssessmentLast,
    /// The second alert.
    AssessmentSecond,
    /// The first alert.
    AssessmentFirst,
    /// An unsatisfactory round of external assessment is not worked up.
    AssessmentUnsolved,
    /// A near miss that nobody has looked into to the end.
    NearMissOpen,
    /// A lot in use ends soon.
    LotEnding,
    /// A product's packs are down to its reorder level.
    LotReorder,
}

impl AlarmKind {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::FoundIncompatible,
        Self::EmergencyClock,
        Self::RetrospectiveOverdue,
        Self::RetrospectiveWaiting,
        Self::NotReceived,
        Self::NoFate,
        Self::SampleRejected,
        Self::FailedMessage,
        Self::CrossmatchUnreviewed,
        Self::ResultUnverified,
        Self::Quarantined,
        Self::AssessmentOverdue,
        Self::AssessmentLast,
        Self::AssessmentSecond,
        Self::AssessmentFirst,
        Self::AssessmentUnsolved,
        Self::NearMissOpen,
        Self::LotEnding,
        Self::LotReorder,
    ];

    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FoundIncompatible => "found_incompatible",
            Self::EmergencyClock => "emergency_clock",
            Self::RetrospectiveOverdue => "retrospective_overdue",
            Self::RetrospectiveWaiting => "retrospective_waiting",
            Self::NotReceived => "not_received",
            Self::NoFate => "no_fate",
            Self::FailedMessage => "failed_message",
            Self::CrossmatchUnreviewed => "crossmatch_unreviewed",
            Self::ResultUnverified => "result_unverified",
            Self::Quarantined => "quarantined",
            Self::AssessmentOverdue => "assessment_overdue",
            Self::AssessmentLast => "assessment_last",
            Self::AssessmentSecond => "assessment_second",
            Self::AssessmentFirst => "assessment_first",
            Self::AssessmentUnsolved => "assessment_unsolved",
            Self::SampleRejected => "sample_rejected",
            Self::NearMissOpen => "near_miss_open",
            Self::LotEnding => "lot_ending",
            Self::LotReorder => "lot_reorder",
        }
    }

    /// Whether it must not wait, as against work that is simply there.
    pub fn urgent(self) -> bool {
        matches!(
            self,
            Self::FoundIncompatible
                | Self::EmergencyClock
                | Self::RetrospectiveOverdue
                | Self::NotReceived
                | Self::NoFate
                | Self::AssessmentOverdue
                | Self::AssessmentLast
                | Self::SampleRejected
        )
    }
}

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Alarm {
    /// What.
    pub kind: AlarmKind,
    /// The deadline where there is one, otherwise since when.
    pub at: Timestamp,
    /// Which thing.
    pub subject: Subject,
}

/// The most alarms of one kind in the list.
const OF_A_KIND_MOST: usize = 200;

/// Every alarm of a moment, the gravest kind first and the oldest first within a kind.
pub fn alarms(hospital: &Hospital, at: Timestamp) -> Vec<Alarm> {
    let mut list: Vec<Alarm> = Vec::new();
    let mut put = |kind, found: &mut dyn Iterator<Item = (Timestamp, Subject)>| {
        list.extend(
            found
                .take(OF_A_KIND_MOST)
                .map(|(at, subject)| Alarm { kind, at, subject }),
        );
    };
    put(
        AlarmKind::FoundIncompatible,
        &mut hospital
            .issues
            .alarms()
            .map(|issue| (issue.changed.at, issue.id.into())),
    );
    put(AlarmKind::EmergencyClock, &mut emergencies(hospital, at));
    let waiting = || {
        hospital
            .issues
            .retrospective()
            .filter_map(|issue| Some((issue.retrospective_due?, Subject::from(issue.id))))
    };
    put(
        AlarmKind::RetrospectiveOverdue,
        &mut waiting().take_while(|(due, _)| *due <= at),
    );
    put(
        AlarmKind::RetrospectiveWaiting,
        &mut waiting().skip_while(|(due, _)| *due <= at),
    );
    let out = |key: Key, not_received: bool| {
        let span = hospital.policies.span(key, at).ok();
        hospital.issues.open().filter_map(move |issue| {
            let late = issue.issued.at.checked_add(span?).ok()?;
            let unit = hospital.units.get(&issue.unit)?;
            let on_its_way = issue.on_ward.is_none() && unit.status == Status::Issued;
            (late <= at && on_its_way == not_received).then(|| (late, Subject::from(issue.id)))
        })
    };
    put(AlarmKind::NotReceived, &mut out(Key::StartWithin, true));
    put(AlarmKind::NoFate, &mut out(Key::FateWithin, false));
    put(
        AlarmKind::SampleRejected,
        &mut hospital
            .samples
            .unanswered()
            .map(|sample| (sample.received.at, sample.id.clone().into())),
    );
    put(
        AlarmKind::FailedMessage,
        &mut hospital
            .devices
            .failed()
            .map(|message| (message.changed.at, message.id.into())),
    );
    put(
        AlarmKind::CrossmatchUnreviewed,
        &mut hospital
            .crossmatches
            .unreviewed()
            .map(|found| (found.recorded.at, found.id.into())),
    );
    put(
        AlarmKind::ResultUnverified,
        &mut hospital
            .tests
            .pending()
            .map(|test| (test.changed.at, test.id.into())),
    );
    put(
        AlarmKind::Quarantined,
        &mut hospital
            .units
            .quarantined()
            .map(|unit| (unit.changed.at, unit.id.into())),
    );
    let near = |kind, wanted| {
        let found = hospital
            .assessments
            .due()
            .filter(move |round| nearness(hospital, round.deadline, at) == wanted)
            .map(|round| (round.deadline, Subject::from(round.id)));
        (kind, found)
    };
    for (kind, mut found) in [
        near(AlarmKind::AssessmentOverdue, Nearness::Overdue),
        near(AlarmKind::AssessmentLast, Nearness::Last),
        near(AlarmKind::AssessmentSecond, Nearness::Second),
        near(AlarmKind::AssessmentFirst, Nearness::First),
    ] {
        put(kind, &mut found);
    }
    put(
        AlarmKind::AssessmentUnsolved,
        &mut hospital
            .assessments
            .unsettled()
            .filter(|round| round.state() == RoundState::Unsatisfactory)
            .map(|round| (round.changed.at, round.id.into())),
    );
    put(
        AlarmKind::NearMissOpen,
        &mut hospital
            .near_misses
            .open()
            .map(|found| (found.reported.at, found.id.into())),
    );
    put(
        AlarmKind::LotEnding,
        &mut crate::testing::ending(hospital, at)
            .into_iter()
            .map(|(end, lot)| (end, lot.into())),
    );
    put(
        AlarmKind::LotReorder,
        &mut crate::testing::reorders(hospital, at)
            .into_iter()
            .map(|found| (found.since, found.lot.into())),
    );
    list
}

/// The green channel of one request: since when, until when, and when the first unit left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Declared.
    pub started: Timestamp,
    /// The first unit should have left by then.
    pub deadline: Timestamp,
    /// The first unit left.
    pub stopped: Option<Timestamp>,
}

/// The clock of an emergency request; `None` for other requests.
pub fn clock(
    hospital: &Hospital,
    request: crate::id::RequestId,
    at: Timestamp,
) -> Result<Option<Clock>, Finding> {
    let request = hospital
        .requests
        .get(request)
        .ok_or_else(|| Finding::not_found(request))?;
    if request.order.urgency != Urgency::Emergency {
        return Ok(None);
    }
    let target = hospital.policies.span(Key::EmergencyFirstUnit, at)?;
    Ok(Some(Clock {
        started: request.placed.at,
        deadline: request
            .placed
            .at
            .checked_add(target)
            .unwrap_or(request.placed.at),
        stopped: request.first_issued,
    }))
}
