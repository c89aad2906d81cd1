use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::{Period, Share};
use crate::governance::{Assessment, ReviewKind, Stage, Versus, Weight};
use crate::hospital::Hospital;
use crate::id::{ComparisonId, DocumentId, NonconformityId, ReviewId, UserId};
use crate::people::Action;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// How a person's competence in one thing stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CompetenceState {
    /// Not passed.
    Failed,
    /// Passed, and the time it counted for is over.
    RunOut,
    /// Passed and in its time.
    Valid,
}

/// The competence of somebody who works at the bench.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonCompetence {
    /// Who.
    pub person: UserId,
    /// The newest assessment of each thing by the end of the period: what, how it stood, until when it counts, its journal entry.
    pub items: Vec<(String, CompetenceState, Timestamp, u64)>,
    /// Assessments made in the period.
    pub assessed: u64,
    /// At least one assessment is valid and none failed or ran out.
    pub in_order: bool,
}

/// A comparison of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ComparisonFigures {
    /// Which.
    pub comparison: ComparisonId,
    /// Of what with what.
    pub versus: Versus,
    /// The test item.
    pub item: String,
    /// The ways compared.
    pub parties: Vec<String>,
    /// They may stand for one another.
    pub acceptable: bool,
    /// When.
    pub at: Timestamp,
    /// The journal entry.
    pub entry: u64,
}

/// A nonconformity reported in the period, or open when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NonconformityFigures {
    /// Which.
    pub nonconformity: NonconformityId,
    /// How heavy.
    pub weight: Weight,
    /// What happened.
    pub text: String,
    /// When it was reported.
    pub reported: Timestamp,
    /// When somebody judged that what was done helped, if that was by the end of the period.
    pub closed: Option<Timestamp>,
    /// Days from the one to the other, begun ones counted.
    pub days: Option<i64>,
    /// What it waits for now.
    pub stage: Stage,
    /// Something planned was not done by its day.
    pub overdue: bool,
    /// Rounds of cause and action it took.
    pub rounds: u64,
}

/// A document in force at the end of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentFigures {
    /// Which.
    pub document: DocumentId,
    /// Its title.
    pub title: String,
    /// The edition.
    pub edition: u32,
    /// People who had to read it and have.
    pub read: Share,
}

/// An audit or review of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReviewFigures {
    /// Which.
    pub review: ReviewId,
    /// Which kind.
    pub kind: ReviewKind,
    /// On which day.
    pub held: Date,
    /// What was looked at.
    pub scope: String,
    /// What it found.
    pub nonconformities: Vec<NonconformityId>,
    /// The journal entry.
    pub entry: u64,
}

/// The department's own records over a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Governance {
    /// Everybody who may record tests.
    pub people: Vec<PersonCompetence>,
    /// Of them, those whose competence is in order.
    pub competence: Share,
    /// Comparisons.
    pub comparisons: Vec<ComparisonFigures>,
    /// Acceptable ones.
    pub comparisons_acceptable: Share,
    /// Kinds of comparison made, of the three there are.
    pub comparison_kinds: u64,
    /// Nonconformities.
    pub nonconformities: Vec<NonconformityFigures>,
    /// Closed with a judgement that it helped.
    pub nonconformities_closed: Share,
    /// The middle of the days to closing.
    pub days_median: Option<i64>,
    /// Documents.
    pub documents: Vec<DocumentFigures>,
    /// Readers who have read.
    pub documents_read: Share,
    /// Audits and reviews.
    pub reviews: Vec<ReviewFigures>,
    /// Internal audits.
    pub internal_audits: u64,
    /// Management reviews.
    pub management_reviews: u64,
}

/// The lower middle of sorted figures.
pub(super) fn middle(sorted: &[i64]) -> Option<i64> {
    let at = sorted.len().checked_sub(1)? / 2;
    sorted.get(at).copied()
}

pub(super) fn figures(hospital: &Hospital, period: Period, at: Timestamp) -> Governance {
    let people = people(hospital, period, at);
    let mut competence = Share::default();
    for person in &people {
        competence.count(person.in_order);
    }
    let comparisons = comparisons(hospital, period);
    let mut comparisons_acceptable = Share::default();
    let mut kinds: Vec<Versus> = Vec::new();
    for one in &comparisons {
        comparisons_acceptable.count(one.acceptable);
        if !kinds.contains(&one.versus) {
            kinds.push(one.versus);
        }
    }
    let nonconformities = nonconformities(hospital, period, at);
    let mut nonconformities_closed = Share::default();
    let mut days: Vec<i64> = Vec::new();
    for one in &nonconformities {
        nonconformities_closed.count(one.closed.is_some());
        days.extend(one.days);
    }
    days.sort_unstable();
    let documents = documents(hospital, at);
    let mut documents_read = Share::default();
    for one in &documents {
        documents_read.part += one.read.part;
        documents_read.whole += one.read.whole;
    }
    let reviews = reviews(hospital, period);
    let of = |kind| reviews.iter().filter(|one| one.kind == kind).count() as u64;
    Governance {
        competence,
        people,
        comparisons_acceptable,
        comparison_kinds: kinds.len() as u64,
        comparisons,
        nonconformities_closed,
        days_median: middle(&days),
        nonconformities,
        documents_read,
        documents,
        internal_audits: of(ReviewKind::InternalAudit),
        management_reviews: of(ReviewKind::ManagementReview),
        reviews,
    }
}

fn people(hospital: &Hospital, period: Period, at: Timestamp) -> Vec<PersonCompetence> {
    hospital
        .people
        .values()
        .filter(|person| {
            let mut roles = person.roles.iter();
            person.active
                && roles.any(|role| hospital.policies.grants(*role, Action::TestRecord, at))
        })
        .map(|person| {
            let all = hospital.governance.competence.get(&person.id);
            let known = || {
                let all = all.into_iter().flatten();
                all.filter(|one| one.assessed.at <= at)
            };
            let mut newest: BTreeMap<&str, &Assessment> = BTreeMap::new();
            for one in known() {
                newest.insert(&one.item, one);
            }
            let items: Vec<_> = newest
                .into_iter()
                .map(|(item, one)| {
                    let state = match (one.passed, at < one.until) {
                        (false, _) => CompetenceState::Failed,
                        (true, false) => CompetenceState::RunOut,
                        (true, true) => CompetenceState::Valid,
                    };
                    (item.to_owned(), state, one.until, one.assessed.seq)
                })
                .collect();
            let valid = |(_, state, _, _): &(String, CompetenceState, Timestamp, u64)| {
                *state == CompetenceState::Valid
            };
            PersonCompetence {
                person: person.id.clone(),
                assessed: known().filter(|one| period.holds(one.assessed.at)).count() as u64,
                in_order: !items.is_empty() && items.iter().all(valid),
                items,
            }
        })
        .collect()
}

fn comparisons(hospital: &Hospital, period: Period) -> Vec<ComparisonFigures> {
    hospital
        .governance
        .comparisons
        .values()
        .filter(|one| period.holds(one.recorded.at))
        .map(|one| ComparisonFigures {
            comparison: one.id,
            versus: one.versus,
            item: one.item.clone(),
            parties: one.parties.clone(),
            acceptable: one.verdict.acceptable(),
            at: one.recorded.at,
            entry: one.recorded.seq,
        })
        .collect()
}

fn nonconformities(
    hospital: &Hospital,
    period: Period,
    at: Timestamp,
) -> Vec<NonconformityFigures> {
    hospital
        .governance
        .nonconformities
        .values()
        .filter_map(|case| {
            let began = case.reported.at;
            let closed = case.closed().filter(|closed| *closed <= at);
            let older = began < period.from && closed.is_none_or(|closed| closed >= period.from);
            (period.holds(began) || older).then(|| NonconformityFigures {
                nonconformity: case.id,
                weight: case.weight,
                text: case.text.clone(),
                reported: began,
                closed,
                days: closed.map(|closed| {
                    let seconds = closed.duration_since(began).as_secs().max(0);
                    seconds / DAY + i64::from(seconds % DAY != 0)
                }),
                stage: case.stage(),
                overdue: case.due().is_some_and(|due| due <= at),
                rounds: case.rounds.len() as u64,
            })
        })
        .collect()
}

fn documents(hospital: &Hospital, at: Timestamp) -> Vec<DocumentFigures> {
    let unread = hospital.governance.unread(hospital, at);
    hospital
        .governance
        .documents
        .values()
        .filter_map(|document| {
            let edition = document.in_force(at)?;
            let missing = unread.iter().filter(|(id, _)| *id == document.id).count() as u64;
            let read = edition.read.len() as u64;
            Some(DocumentFigures {
                document: document.id.clone(),
                title: edition.title.clone(),
                edition: edition.number,
                read: Share {
                    part: read,
                    whole: read + missing,
                },
            })
        })
        .collect()
}

fn reviews(hospital: &Hospital, period: Period) -> Vec<ReviewFigures> {
    let first = hospital.today(period.from);
    hospital
        .governance
        .reviews
        .values()
        .filter(|one| {
            let midnight = hospital
                .offset(period.from)
                .to_timestamp(one.held.to_datetime(jiff::civil::Time::midnight()));
            one.held >= first && midnight.is_ok_and(|held| held < period.until)
        })
        .map(|one| ReviewFigures {
            review: one.id,
            kind: one.kind,
            held: one.held,
            scope: one.scope.clone(),
            nonconformities: one.nonconformities.clone(),
            entry: one.recorded.seq,
        })
        .collect()
}
