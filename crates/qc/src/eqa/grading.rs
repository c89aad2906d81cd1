use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// When a reported answer counts as the expected one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matching {
    /// The same words; the usual signs for positive and negative are one word each.
    #[default]
    Exact,
    /// The same set of antibodies, in any order, with or without `anti-`.
    Antibodies,
    /// Titres at most so many doubling dilutions apart.
    Dilutions(u32),
}

fn one() -> u32 {
    1
}

/// How one item (analyte) is graded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemRule {
    /// Lowest satisfactory score, whole per cent.
    pub pass: u32,
    /// What one challenge of it counts for in the score over all items.
    #[serde(default = "one")]
    pub weight: u32,
    /// When an answer is acceptable.
    #[serde(default)]
    pub matching: Matching,
    /// Shown, but never unsatisfactory.
    #[serde(default)]
    pub educational: bool,
    /// The figure was not read in the source itself.
    #[serde(default)]
    pub provisional: bool,
}

/// What went wrong with one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// A positive was reported negative, an antibody missed.
    FalseNegative,
    /// A negative was reported positive, an antibody too many.
    FalsePositive,
    /// Any other wrong answer.
    Wrong,
    /// No answer.
    Missing,
}

/// Penalty points in place of percentages: summed over exercises, poor performance from a threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Penalties {
    /// Points of each kind of error, by item.
    pub points: BTreeMap<String, BTreeMap<ErrorKind, u32>>,
    /// Points of an exercise not taken part in, or late.
    pub absent: u32,
    /// Unsatisfactory from this sum.
    pub threshold: u32,
    /// Over this many last exercises.
    pub exercises: u32,
}

/// From when single unsatisfactory events become an unsuccessful performance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Streak {
    /// So many in a row.
    pub in_a_row: u32,
    /// Or so many …
    pub some: u32,
    /// … of so many last.
    pub of: u32,
}

/// How a programme grades qualitative results, in force from a day until a newer table of the same name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GradingTable {
    /// Name, for example `clia`.
    pub name: String,
    /// In force from.
    pub effective: Date,
    /// Chinese title.
    pub zh: String,
    /// English title.
    pub en: String,
    /// Where the figures come from.
    pub source: String,
    /// Some of it was not read in the source itself.
    pub provisional: bool,
    /// The items it grades.
    pub items: BTreeMap<String, ItemRule>,
    /// Lowest satisfactory score over all items, whole per cent; `None` where each item stands for itself.
    #[serde(default)]
    pub overall: Option<u32>,
    /// When a performance is unsuccessful.
    pub unsuccessful: Streak,
    /// Penalty points, where the programme counts them.
    #[serde(default)]
    pub penalties: Option<Penalties>,
}

/// Why something cannot be graded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The table does not grade this item.
    #[error("table {table} does not grade {item:?}")]
    UnknownItem {
        /// Table.
        table: String,
        /// Item.
        item: String,
    },
    /// A titre is none.
    #[error("{text:?} is not a titre such as 64 or 1:64")]
    Titre {
        /// The text.
        text: String,
    },
    /// The expected answer of a challenge is not given.
    #[error("sample {sample}, {item}: no expected answer")]
    NoTarget {
        /// Sample.
        sample: String,
        /// Item.
        item: String,
    },
    /// Nothing to grade.
    #[error("no challenge to grade")]
    Nothing,
}

/// The table of this name in force on a day: the newest not after it.
pub fn in_force<'a>(tables: &'a [GradingTable], name: &str, on: Date) -> Option<&'a GradingTable> {
    tables
        .iter()
        .filter(|table| table.name == name && table.effective <= on)
        .max_by_key(|table| table.effective)
}

/// Whether an event's results came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Submitted {
    /// By the deadline.
    OnTime,
    /// After it: score 0.
    Late,
    /// Not at all: score 0.
    Absent,
}

/// One challenge and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Item.
    pub item: String,
    /// Which sample.
    pub sample: String,
    /// The target.
    pub expected: String,
    /// What was reported; `None` for nothing.
    pub reported: Option<String>,
}

/// One laboratory's event (round, exercise, distribution).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Whether it came in time.
    pub submitted: Submitted,
    /// Every challenge.
    pub answers: Vec<Answered>,
}

/// How one item of an event came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemGrade {
    /// Acceptable answers; 0 for a late or absent event.
    pub acceptable: u32,
    /// Challenges.
    pub challenges: u32,
    /// Lowest satisfactory score, per cent.
    pub pass: u32,
    /// Reached it (always so for an educational item).
    pub satisfactory: bool,
    /// The pass mark is provisional.
    pub provisional: bool,
    /// Penalty points.
    pub points: u32,
    /// What went wrong, by sample.
    pub errors: BTreeMap<String, ErrorKind>,
}

impl ItemGrade {
    /// The score in hundredths of a per cent, rounded half up.
    pub fn score(&self) -> u32 {
        hundredths(self.acceptable, self.challenges)
    }
}

/// `part` of `whole` in hundredths of a per cent, rounded half up; 0 of nothing.
fn hundredths(part: u32, whole: u32) -> u32 {
    let (part, whole) = (u64::from(part), u64::from(whole));
    if whole == 0 {
        return 0;
    }
    u32::try_from((part * 20_000 + whole) / (2 * whole)).unwrap_or(u32::MAX)
}

/// How an event came out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    /// Each item.
    pub items: BTreeMap<String, ItemGrade>,
    /// The score over all items by weight, hundredths of a per cent.
    pub score: u32,
    /// Penalty points in all.
    pub points: u32,
    /// Every item satisfactory, and the whole where the table asks for it.
    pub satisfactory: bool,
}

/// Grades one event.
pub fn grade(table: &GradingTable, event: &Event) -> Result<Graded, TableError> {
    if event.answers.is_empty() {
        return Err(TableError::Nothing);
    }
    let counted = event.submitted == Submitted::OnTime;
    let mut items: BTreeMap<String, ItemGrade> = BTreeMap::new();
    for answer in &event.answers {
        let rule = table
            .items
            .get(&answer.item)
            .ok_or_else(|| TableError::UnknownItem {
                table: table.name.clone(),
                item: answer.item.clone(),
            })?;
        let error = mistake(rule.matching, answer)?;
        let grade = items
            .entry(answer.item.clone())
            .or_insert_with(|| ItemGrade {
                acceptable: 0,
                challenges: 0,
                pass: rule.pass,
                satisfactory: false,
                provisional: rule.provisional,
                points: 0,
                errors: BTreeMap::new(),
            });
        grade.challenges += 1;
        match error {
            None if counted => grade.acceptable += 1,
            None => {}
            Some(kind) => {
                grade.points += points(table, &answer.item, kind);
                grade.errors.insert(answer.sample.clone(), kind);
            }
        }
    }
    let (mut part, mut whole) = (0u32, 0u32);
    for (item, grade) in &mut items {
        let rule = table.items.get(item);
        let reached = grade.acceptable * 100 >= grade.pass * grade.challenges;
        grade.satisfactory = reached || rule.is_some_and(|rule| rule.educational);
        let weight = rule.map_or(1, |rule| rule.weight);
        part += weight * grade.acceptable;
        whole += weight * grade.challenges;
    }
    let points = match &table.penalties {
        Some(penalties) if !counted => penalties.absent,
        _ => items.values().map(|grade| grade.points).sum(),
    };
    let within = table.overall.is_none_or(|pass| part * 100 >= pass * whole);
    let satisfactory = counted
        && within
        && match &table.penalties {
            Some(penalties) => points < penalties.threshold,
            None => items.values().all(|grade| grade.satisfactory),
        };
    Ok(Graded {
        score: hundredths(part, whole),
        points,
        satisfactory,
        items,
    })
}

fn points(table: &GradingTable, item: &str, kind: ErrorKind) -> u32 {
    let Some(penalties) = &table.penalties else {
        return 0;
    };
    penalties
        .points
        .get(item)
        .and_then(|kinds| kinds.get(&kind))
        .copied()
        .unwrap_or_default()
}

fn mistake(matching: Matching, answer: &Answered) -> Result<Option<ErrorKind>, TableError> {
    let expected = answer.expected.trim();
    if expected.is_empty() {
        return Err(TableError::NoTarget {
            sample: answer.sample.clone(),
            item: answer.item.clone(),
        });
    }
    let reported = answer
        .reported
        .as_deref()
        .map(str::trim)
        .unwrap_or_default();
    if reported.is_empty() {
        return Ok(Some(ErrorKind::Missing));
    }
    if same_answer(matching, expected, reported)? {
        return Ok(None);
    }
    Ok(Some(match matching {
        Matching::Exact => match (sign(expected), sign(reported)) {
            (Some(true), Some(false)) => ErrorKind::FalseNegative,
            (Some(false), Some(true)) => ErrorKind::FalsePositive,
            _ => ErrorKind::Wrong,
        },
        Matching::Antibodies => {
            let (expected, reported) = (antibodies(expected), antibodies(reported));
            if reported.is_subset(&expected) {
                ErrorKind::FalseNegative
            } else if expected.is_subset(&reported) {
                ErrorKind::FalsePositive
            } else {
                ErrorKind::Wrong
            }
        }
        Matching::Dilutions(_) => ErrorKind::Wrong,
    }))
}

/// Whether a reported answer is acceptable for the expected one.
pub fn same_answer(matching: Matching, expected: &str, reported: &str) -> Result<bool, TableError> {
    Ok(match matching {
        Matching::Exact => match (sign(expected), sign(reported)) {
            (Some(one), Some(other)) => one == other,
            _ => expected.trim() == reported.trim(),
        },
        Matching::Antibodies => antibodies(expected) == antibodies(reported),
        Matching::Dilutions(most) => {
            let apart = (doublings(expected)? - doublings(reported)?).abs();
            apart <= f64::from(most) + 1e-9
        }
    })
}

/// What a word or sign for positive or negative means.
fn sign(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "+" | "pos" | "positive" | "reactive" | "incompatible" | "阳性" | "不相合" => {
            Some(true)
        }
        "-" | "−" | "neg" | "negative" | "nonreactive" | "compatible" | "阴性" | "相合" => {
            Some(false)
        }
        _ => None,
    }
}

/// The antibodies named, without `anti-`; none for a negative. Upper and lower case differ: K is not k.
fn antibodies(text: &str) -> BTreeSet<String> {
    text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '+' | '/' | '、' | '，'))
        .map(|name| {
            ["anti-", "Anti-", "抗-", "抗"]
                .into_iter()
                .find_map(|prefix| name.strip_prefix(prefix))
                .unwrap_or(name)
        })
        .filter(|name| !name.is_empty() && *name != "none" && *name != "无")
        .filter(|name| sign(name) != Some(false))
        .map(str::to_owned)
        .collect()
}

/// A titre, `64` or `1:64`, as its power of two.
fn doublings(text: &str) -> Result<f64, TableError> {
    let bare = text.trim();
    let bare = bare
        .strip_prefix("1:")
        .or(bare.strip_prefix("1："))
        .unwrap_or(bare);
    bare.trim()
        .parse::<f64>()
        .ok()
        .filter(|titre| titre.is_finite() && *titre > 0.0)
        .map(f64::log2)
        .ok_or_else(|| TableError::Titre { text: text.into() })
}

/// The median of titres on the scale of doublings, as a titre (64 and 32 give 45.25…).
pub fn titre_median(titres: &[&str]) -> Result<f64, TableError> {
    let mut steps = titres
        .iter()
        .map(|titre| doublings(titre))
        .collect::<Result<Vec<f64>, _>>()?;
    if steps.is_empty() {
        return Err(TableError::Nothing);
    }
    steps.sort_by(f64::total_cmp);
    Ok(super::middle(&steps).exp2())
}

/// How a laboratory stands after its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Performance {
    /// Nothing to hold against it.
    Successful,
    /// So many unsatisfactory events in a row.
    UnsuccessfulInARow,
    /// So many among the last.
    UnsuccessfulAmongLast,
    /// Penalty points over the last exercises reach the threshold.
    TooManyPoints,
}

/// How a laboratory stands, from its events in order of time: whether each was satisfactory, and its penalty points.
pub fn performance(table: &GradingTable, events: &[(bool, u32)]) -> Performance {
    let last = |count: u32| {
        let count = count as usize;
        events
            .get(events.len().saturating_sub(count)..)
            .unwrap_or_default()
    };
    if let Some(penalties) = &table.penalties {
        let sum: u32 = last(penalties.exercises)
            .iter()
            .map(|(_, points)| points)
            .sum();
        if sum >= penalties.threshold {
            return Performance::TooManyPoints;
        }
    }
    let bad = |count: u32| last(count).iter().filter(|(good, _)| !good).count();
    let rule = &table.unsuccessful;
    let (row, some) = (rule.in_a_row as usize, rule.some as usize);
    if row > 0 && bad(rule.in_a_row) >= row {
        Performance::UnsuccessfulInARow
    } else if some > 0 && bad(rule.of) >= some {
        Performance::UnsuccessfulAmongLast
    } else {
        Performance::Successful
    }
}

/// The summary of grades on an ordered scale (clause 11). Grades count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ordinal {
    /// The commonest grades.
    pub modes: Vec<usize>,
    /// The grades in the middle; the same unless an even number is split between two.
    pub median: (usize, usize),
}

/// Summarises how often each grade of an ordered scale was reported; `None` for nothing reported.
pub fn ordinal(counts: &[u64]) -> Option<Ordinal> {
    let total: u64 = counts.iter().sum();
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    let rank = |place: u64| {
        let mut below = 0;
        counts
            .iter()
            .position(|count| {
                below += count;
                below >= place
            })
            .map(|at| at + 1)
    };
    Some(Ordinal {
        modes: (1..)
            .zip(counts)
            .filter(|(_, count)| **count == most)
            .map(|(grade, _)| grade)
            .collect(),
        median: (rank(total.div_ceil(2))?, rank(total / 2 + 1)?),
    })
}
