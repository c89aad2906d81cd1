use jiff::Timestamp;
use lifeline_qc::eqa::{self, Performance};

use super::{Round, score};
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::{ProgrammeId, RoundId};

/// One scored round in a trend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// The round.
    pub round: RoundId,
    /// Its label.
    pub label: String,
    /// Its deadline, by which rounds are ordered.
    pub at: Timestamp,
    /// The score over everything, hundredths of a per cent.
    pub score: u32,
    /// Every item satisfactory.
    pub satisfactory: bool,
    /// Items in the order of the round: code, score in hundredths of a per cent, satisfactory.
    pub items: Vec<(String, u32, bool)>,
    /// How the laboratory stood after it.
    pub standing: Performance,
}

fn scored<'a>(hospital: &'a Hospital, programme: &'a ProgrammeId) -> Vec<&'a Round> {
    let mut rounds: Vec<&Round> = hospital
        .assessments
        .of(programme)
        .filter(|round| round.outcome().is_some())
        .map(|round| &**round)
        .collect();
    rounds.sort_by_key(|round| (round.deadline, round.id));
    rounds
}

/// The scored rounds of a programme since a moment, oldest first, each with how the laboratory stood after it.
pub fn trend(
    hospital: &Hospital,
    programme: &ProgrammeId,
    since: Timestamp,
) -> Result<Vec<Point>, Finding> {
    let rounds = scored(hospital, programme);
    let mut points = Vec::new();
    for (at, round) in rounds.iter().enumerate() {
        let Some(outcome) = round.outcome().filter(|_| round.deadline >= since) else {
            continue;
        };
        let before = rounds.get(..=at).unwrap_or_default();
        points.push(Point {
            round: round.id,
            label: round.label.clone(),
            at: round.deadline,
            score: outcome.score,
            satisfactory: outcome.satisfactory,
            items: outcome
                .items
                .iter()
                .map(|item| (item.item.clone(), item.score(), item.satisfactory))
                .collect(),
            standing: stands(hospital, before)?,
        });
    }
    Ok(points)
}

/// How the laboratory stands in a programme after its last scored round, by the table of that round's day: on each item two
/// unsatisfactory rounds in a row, or two of three, are one performance too few.
pub fn standing(hospital: &Hospital, programme: &ProgrammeId) -> Result<Performance, Finding> {
    stands(hospital, &scored(hospital, programme))
}

fn stands(hospital: &Hospital, rounds: &[&Round]) -> Result<Performance, Finding> {
    let Some(last) = rounds.last() else {
        return Ok(Performance::Successful);
    };
    let table = score::table(hospital, &last.table, last.deadline)?;
    let history = |good: &dyn Fn(&Round) -> Option<bool>| -> Vec<(bool, u32)> {
        rounds
            .iter()
            .filter_map(|round| {
                let points = round.outcome()?.points;
                Some((good(round)?, points))
            })
            .collect()
    };
    let mut worst = eqa::performance(
        &table,
        &history(&|round| {
            round
                .outcome()
                .map(|outcome| outcome.points == 0 || outcome.satisfactory)
        }),
    );
    if worst != Performance::TooManyPoints {
        worst = Performance::Successful;
    }
    for item in &last.items {
        let of_item = history(&|round| {
            let outcome = round.outcome()?;
            let item = outcome.items.iter().find(|found| found.item == item.code)?;
            Some(item.satisfactory)
        });
        let stands = eqa::performance(&table, &of_item);
        if worst == Performance::Successful {
            worst = stands;
        }
    }
    Ok(worst)
}
