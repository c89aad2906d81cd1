use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Controls, Governance, Rounds, Share};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::policy::{Key, Value};
use crate::subject::{PolicyName, Subject};

/// The most criteria of a sheet, sheets of the policy, steps of a criterion.
pub const CRITERIA_MOST: usize = 60;
/// The most points of one criterion.
const POINTS_MOST: u32 = 1_000;
/// A share of all, in hundredths of a per cent.
const ALL: u64 = 10_000;

macro_rules! measures {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $section:literal;)*) => {
        /// What a criterion looks at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Measure {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl Measure {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the policy and in message keys.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The part of the evidence it is computed from.
            pub fn section(self) -> &'static str {
                match self { $(Self::$variant => $section),* }
            }
        }
    };
}

measures! {
    /// Released results that stood on their controls.
    Coverage = "coverage", "coverage";
    /// National indicator 4.
    IqcItems = "iqc_items", "coverage";
    /// Levels in control.
    InControl = "in_control", "controls";
    /// Controls that went out and were closed within the hours of the criterion. Full marks where none went out.
    CasesClosed = "cases_closed", "cases";
    /// National indicator 5.
    EqaItems = "eqa_items", "participation";
    /// Rounds sent in time.
    EqaInTime = "eqa_in_time", "rounds";
    /// Items of rounds that passed.
    EqaPassed = "eqa_passed", "rounds";
    /// Programmes in good standing.
    EqaStanding = "eqa_standing", "trend";
    /// Bench staff whose competence is in order.
    Competence = "competence", "competence";
    /// Comparisons that are acceptable.
    Comparisons = "comparisons", "comparisons";
    /// Kinds of comparison made: instruments, people, methods.
    ComparisonKinds = "comparison_kinds", "comparisons";
    /// Nonconformities closed with a judgement that it helped. Full marks where there was none.
    Nonconformities = "nonconformities", "nonconformities";
    /// Readers who have read the documents in force.
    DocumentsRead = "documents_read", "documents";
    /// Internal audits held.
    InternalAudits = "internal_audits", "reviews";
    /// Management reviews held.
    ManagementReviews = "management_reviews", "reviews";
}

impl Measure {
    /// Whether it is a number of things and not a share.
    pub fn counts(self) -> bool {
        matches!(
            self,
            Self::ComparisonKinds | Self::InternalAudits | Self::ManagementReviews
        )
    }

    /// Whether nothing on record is as good as all: there was nothing to put right.
    fn none_is_good(self) -> bool {
        matches!(self, Self::CasesClosed | Self::Nonconformities)
    }
}

/// Points from a figure on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The least figure: hundredths of a per cent, or a number of things.
    pub least: u64,
    /// What it earns.
    pub points: u32,
}

/// One line of a scoring sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Its word in the sheet.
    pub code: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// What it looks at.
    pub measure: Measure,
    /// For cases: closed within so many hours.
    #[serde(default)]
    pub hours: Option<u32>,
    /// What figures earn, the best first; below the last nothing.
    pub steps: Vec<Step>,
    /// Points or thresholds are not read from a source.
    #[serde(default)]
    pub provisional: bool,
}

impl Criterion {
    /// The most it can earn.
    pub fn most(&self) -> u32 {
        self.steps.first().map_or(0, |step| step.points)
    }
}

/// A grade of the award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Award {
    /// The least points.
    pub least: u32,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
}

/// How a year's evidence is scored; the newest sheet not after the end of a period scores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoringSheet {
    /// In force from.
    pub effective: Date,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Where it comes from.
    pub source: String,
    /// Not read from a source.
    #[serde(default)]
    pub provisional: bool,
    /// Grades, the highest first.
    #[serde(default)]
    pub awards: Vec<Award>,
    /// Lines.
    pub criteria: Vec<Criterion>,
}

/// A criterion, scored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScoredLine {
    /// The criterion.
    pub criterion: Criterion,
    /// The figure: hundredths of a per cent, or a number of things; `None` where nothing is on record.
    pub value: Option<u64>,
    /// What the share is of; `None` for a number of things.
    pub share: Option<Share>,
    /// What it earns.
    pub points: u32,
    /// What it costs.
    pub lost: u32,
    /// The next step up, if there is one.
    pub next: Option<Step>,
    /// How many more things must be as they should be for that step, the whole staying as it is; `None` where that cannot be
    /// said because nothing is on record.
    pub missing: Option<u64>,
}

/// The award score of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scored {
    /// The sheet.
    pub sheet: ScoringSheet,
    /// Its lines.
    pub lines: Vec<ScoredLine>,
    /// Points earned.
    pub points: u32,
    /// Points there are.
    pub most: u32,
    /// The grade reached.
    pub award: Option<Award>,
    /// The next grade, and the points to it.
    pub next: Option<(Award, u32)>,
}

/// The sheet in force at a moment.
pub fn in_force(hospital: &Hospital, at: Timestamp) -> Result<&ScoringSheet, Finding> {
    let sheets = hospital
        .policies
        .value(Key::EvidenceScoring, at, |value| match value {
            Value::ScoringSheets(sheets) => Some(sheets),
            _ => None,
        })?;
    let today = hospital.today(at);
    sheets
        .iter()
        .filter(|sheet| sheet.effective <= today)
        .max_by_key(|sheet| sheet.effective)
        .ok_or_else(|| {
            let policy = Subject::from(PolicyName(Key::EvidenceScoring));
            Finding::new(Rule::PolicyMissing).with("policy", policy)
        })
}

/// The figure of a measure: a share, or a number of things.
enum Figure {
    Of(Share),
    Number(u64),
}

fn figure(criterion: &Criterion, c: &Controls, r: &Rounds, g: &Governance) -> Figure {
    Figure::Of(match criterion.measure {
        Measure::Coverage => c.results,
        Measure::IqcItems => c.indicator,
        Measure::InControl => c.in_control,
        Measure::CasesClosed => match criterion.hours {
            Some(hours) => c.closed_within(hours),
            None => c.closed,
        },
        Measure::EqaItems => r.indicator,
        Measure::EqaInTime => r.in_time,
        Measure::EqaPassed => r.items_passed,
        Measure::EqaStanding => r.standing,
        Measure::Competence => g.competence,
        Measure::Comparisons => g.comparisons_acceptable,
        Measure::Nonconformities => g.nonconformities_closed,
        Measure::DocumentsRead => g.documents_read,
        Measure::ComparisonKinds => return Figure::Number(g.comparison_kinds),
        Measure::InternalAudits => return Figure::Number(g.internal_audits),
        Measure::ManagementReviews => return Figure::Number(g.management_reviews),
    })
}

fn line(criterion: &Criterion, figure: Figure) -> ScoredLine {
    let (value, share) = match figure {
        Figure::Number(number) => (Some(number), None),
        Figure::Of(share) if share.whole == 0 && criterion.measure.none_is_good() => {
            (Some(ALL), Some(share))
        }
        Figure::Of(share) => (share.hundredths(), Some(share)),
    };
    let reached = |step: &&Step| value.is_some_and(|value| value >= step.least);
    let points = criterion.steps.iter().find(reached);
    let points = points.map_or(0, |step| step.points);
    let next = criterion
        .steps
        .iter()
        .rev()
        .find(|step| step.points > points && value.is_none_or(|value| value < step.least))
        .copied();
    let missing = next.and_then(|step| match (share, value) {
        (None, Some(value)) => Some(step.least.saturating_sub(value)),
        (Some(share), Some(_)) => {
            let wanted = step.least.saturating_mul(share.whole).div_ceil(ALL);
            Some(wanted.saturating_sub(share.part))
        }
        (_, None) => None,
    });
    ScoredLine {
        value,
        share,
        points,
        lost: criterion.most().saturating_sub(points),
        next,
        missing,
        criterion: criterion.clone(),
    }
}

/// Scores the evidence.
pub(super) fn score(
    sheet: &ScoringSheet,
    controls: &Controls,
    rounds: &Rounds,
    governance: &Governance,
) -> Scored {
    let lines: Vec<ScoredLine> = sheet
        .criteria
        .iter()
        .map(|criterion| line(criterion, figure(criterion, controls, rounds, governance)))
        .collect();
    let points = lines.iter().map(|line| line.points).sum();
    let award = sheet.awards.iter().find(|award| award.least <= points);
    let next = sheet.awards.iter().rev().find(|award| award.least > points);
    Scored {
        most: sheet.criteria.iter().map(Criterion::most).sum(),
        award: award.cloned(),
        next: next.map(|award| (award.clone(), award.least - points)),
        points,
        lines,
        sheet: sheet.clone(),
    }
}

/// What is wrong with the sheets of a policy, as a key of the message files with the code of the criterion.
pub(crate) fn unsound(sheets: &[ScoringSheet]) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if sheets.is_empty() || sheets.len() > CRITERIA_MOST {
        wrong.push(("why-out-of-range", String::new()));
    }
    let dates: BTreeSet<Date> = sheets.iter().map(|sheet| sheet.effective).collect();
    if dates.len() != sheets.len() {
        wrong.push(("why-listed-twice", String::new()));
    }
    let named = |text: &str| !text.trim().is_empty();
    for sheet in sheets {
        let date = sheet.effective.to_string();
        if !named(&sheet.zh) || !named(&sheet.en) || !named(&sheet.source) {
            wrong.push(("why-empty", date.clone()));
        }
        if sheet.criteria.is_empty() || sheet.criteria.len() > CRITERIA_MOST {
            wrong.push(("why-out-of-range", date.clone()));
        }
        let falling = sheet
            .awards
            .windows(2)
            .all(|pair| matches!(pair, [high, low] if high.least > low.least));
        if !falling || sheet.awards.len() > CRITERIA_MOST {
            wrong.push(("why-steps-not-falling", date.clone()));
        }
        let codes: BTreeSet<&str> = sheet.criteria.iter().map(|one| one.code.as_str()).collect();
        if codes.len() != sheet.criteria.len() {
            wrong.push(("why-listed-twice", date));
        }
        for criterion in &sheet.criteria {
            let texts = [&criterion.code, &criterion.zh, &criterion.en];
            let falling = criterion.steps.windows(2).all(|pair| {
                matches!(pair, [high, low] if high.least > low.least && high.points > low.points)
            });
            let bounded = criterion.steps.iter().all(|step| {
                let least = criterion.measure.counts() || step.least <= ALL;
                least && (1..=POINTS_MOST).contains(&step.points)
            });
            let why = if !texts.into_iter().all(|text| named(text)) {
                "why-empty"
            } else if criterion.steps.is_empty() || criterion.steps.len() > CRITERIA_MOST {
                "why-out-of-range"
            } else if !falling {
                "why-steps-not-falling"
            } else if !bounded {
                "why-out-of-range"
            } else if criterion.hours.is_some() && criterion.measure != Measure::CasesClosed {
                "why-hours-only-of-cases"
            } else {
                continue;
            };
            wrong.push((why, criterion.code.clone()));
        }
    }
    wrong
}
