use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lifeline_qc::eqa::{Performance, Submitted};
use serde::Serialize;

use super::{Period, Share};
use crate::assessment::{self, Round, RoundState};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{ProgrammeId, RoundId};
use crate::policy::Key;

/// How far back a trend looks: five years.
const TREND: SignedDuration = SignedDuration::from_hours(5 * 366 * 24);

/// One item of a round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemFigures {
    /// Its word.
    pub item: String,
    /// Hundredths of a per cent.
    pub score: u32,
    /// Reached its pass mark.
    pub satisfactory: bool,
}

/// One round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoundFigures {
    /// Which.
    pub round: RoundId,
    /// Of which programme.
    pub programme: ProgrammeId,
    /// The provider's name of it.
    pub label: String,
    /// Results had to be with the provider by then.
    pub deadline: Timestamp,
    /// Whether they were; `None` while that can still be done.
    pub submitted: Option<Submitted>,
    /// The score over everything, hundredths of a per cent, where it is scored.
    pub score: Option<u32>,
    /// Every item satisfactory.
    pub satisfactory: Option<bool>,
    /// Items, where it is scored.
    pub items: Vec<ItemFigures>,
    /// Unsatisfactory, and cause, correction and effect are not all on record.
    pub unsolved: bool,
    /// Closed.
    pub closed: bool,
}

/// Whether an item that is offered was taken part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Participation {
    /// The programme.
    pub programme: ProgrammeId,
    /// The item.
    pub item: String,
    /// At least one round of the period was answered.
    pub entered: bool,
    /// The provider's list (policy `evidence.offered`) names it; otherwise our own rounds do.
    pub listed: bool,
}

/// A programme over five years.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProgrammeFigures {
    /// Which.
    pub programme: ProgrammeId,
    /// How the laboratory stood at the end of the period; `None` before the first scored round.
    pub standing: Option<Performance>,
    /// Scored rounds of the five years to the end of the period, oldest first.
    pub trend: Vec<RoundFigures>,
}

/// External assessment over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rounds {
    /// Rounds with their deadline in the period, in its order.
    pub rounds: Vec<RoundFigures>,
    /// Rounds whose deadline has passed that were sent in time.
    pub in_time: Share,
    /// Scored rounds that were satisfactory.
    pub passed: Share,
    /// Scored items of rounds that were satisfactory.
    pub items_passed: Share,
    /// National indicator 5: items taken part in, of the items offered.
    pub indicator: Share,
    /// The items behind it.
    pub participation: Vec<Participation>,
    /// Whether the denominator comes from what the providers offer (policy `evidence.offered`) and not from our own enrolment.
    pub offered_listed: bool,
    /// Programmes with their trend.
    pub programmes: Vec<ProgrammeFigures>,
    /// Programmes in good standing.
    pub standing: Share,
    /// Why a trend could not be computed.
    pub trouble: Option<Finding>,
}

/// Whether the results came; `None` while they still can.
fn submitted(round: &Round, at: Timestamp) -> Option<Submitted> {
    match (round.outcome(), &round.submission) {
        (Some(outcome), _) => Some(outcome.submitted),
        (None, Some(sent)) if sent.late => Some(Submitted::Late),
        (None, Some(_)) => Some(Submitted::OnTime),
        (None, None) if round.deadline <= at => Some(Submitted::Absent),
        (None, None) => None,
    }
}

fn line(round: &Round, at: Timestamp) -> RoundFigures {
    let outcome = round.outcome();
    RoundFigures {
        round: round.id,
        programme: round.programme.clone(),
        label: round.label.clone(),
        deadline: round.deadline,
        submitted: submitted(round, at),
        score: outcome.map(|outcome| outcome.score),
        satisfactory: outcome.map(|outcome| outcome.satisfactory),
        items: outcome
            .map(|outcome| outcome.items.as_slice())
            .unwrap_or_default()
            .iter()
            .map(|item| ItemFigures {
                item: item.item.clone(),
                score: item.score(),
                satisfactory: item.satisfactory,
            })
            .collect(),
        unsolved: round.state() == RoundState::Unsatisfactory,
        closed: round.closed.is_some(),
    }
}

/// What the providers offer, as the policy lists it: `PROGRAMME ITEM`.
fn offered(hospital: &Hospital, at: Timestamp) -> BTreeSet<(String, String)> {
    hospital
        .policies
        .words(Key::EvidenceOffered, at)
        .unwrap_or_default()
        .iter()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(programme, item)| (programme.to_owned(), item.trim().to_owned()))
        .collect()
}

pub(super) fn figures(hospital: &Hospital, period: Period, at: Timestamp) -> Rounds {
    let mut found: Vec<&Round> = hospital
        .assessments
        .rounds()
        .map(|round| &**round)
        .filter(|round| period.holds(round.deadline))
        .collect();
    found.sort_by_key(|round| (round.deadline, round.id));
    let (mut in_time, mut passed, mut items_passed) =
        (Share::default(), Share::default(), Share::default());
    let mut entered: BTreeMap<(ProgrammeId, String), bool> = BTreeMap::new();
    for round in &found {
        let sent = submitted(round, at);
        if round.deadline <= at {
            in_time.count(sent == Some(Submitted::OnTime));
        }
        if let Some(outcome) = round.outcome() {
            passed.count(outcome.satisfactory);
            for item in &outcome.items {
                items_passed.count(item.satisfactory);
            }
        }
        // A round that can still be answered says nothing yet.
        let Some(sent) = sent else { continue };
        for item in &round.items {
            let key = (round.programme.clone(), item.code.clone());
            *entered.entry(key).or_default() |= sent != Submitted::Absent;
        }
    }
    let listed = offered(hospital, at);
    for (programme, item) in &listed {
        if let Ok(programme) = ProgrammeId::parse(programme) {
            entered.entry((programme, item.clone())).or_default();
        }
    }
    let participation: Vec<Participation> = entered
        .into_iter()
        .map(|((programme, item), entered)| Participation {
            listed: listed.contains(&(programme.to_string(), item.clone())),
            programme,
            item,
            entered,
        })
        .collect();
    let mut indicator = Share::default();
    for one in &participation {
        indicator.count(one.entered);
    }
    let (programmes, trouble) = programmes(hospital, at);
    let mut standing = Share::default();
    for performance in programmes.iter().filter_map(|one| one.standing) {
        standing.count(performance == Performance::Successful);
    }
    Rounds {
        rounds: found.into_iter().map(|round| line(round, at)).collect(),
        in_time,
        passed,
        items_passed,
        indicator,
        participation,
        offered_listed: !listed.is_empty(),
        programmes,
        standing,
        trouble,
    }
}

/// Every programme that is or was taken part in, with its five years.
fn programmes(hospital: &Hospital, at: Timestamp) -> (Vec<ProgrammeFigures>, Option<Finding>) {
    let since = at.checked_sub(TREND).unwrap_or(Timestamp::MIN);
    let mut trouble = None;
    let list = hospital
        .assessments
        .programmes
        .values()
        .filter_map(|programme| {
            let points = assessment::trend(hospital, &programme.id, since)
                .map_err(|finding| trouble = Some(finding))
                .unwrap_or_default();
            let points: Vec<_> = points.into_iter().filter(|point| point.at < at).collect();
            if points.is_empty() && !programme.active {
                return None;
            }
            Some(ProgrammeFigures {
                programme: programme.id.clone(),
                standing: points.last().map(|point| point.standing),
                trend: points
                    .iter()
                    .filter_map(|point| hospital.assessments.round(point.round))
                    .map(|round| line(round, at))
                    .collect(),
            })
        })
        .collect();
    (list, trouble)
}
