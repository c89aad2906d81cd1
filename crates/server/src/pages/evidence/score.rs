use lifeline_core::evidence::{Award, Evidence, Scored, ScoredLine};

use crate::pages::policy::{named, percent};
use crate::web::components::{Banner, Tone};
use crate::web::{Frame, words};

/// A criterion in words.
pub(super) struct LineView {
    pub name: String,
    pub provisional: bool,
    pub section: &'static str,
    pub value: String,
    pub of: String,
    pub points: u32,
    pub most: u32,
    pub lost: u32,
    pub tone: Tone,
    /// What would win points back.
    pub win: String,
}

/// The score in words.
pub(super) struct ScoreView {
    /// Why there is none.
    pub none: Option<Banner>,
    pub points: u32,
    pub most: u32,
    pub tone: Tone,
    pub award: String,
    pub next: String,
    pub sheet: String,
    pub provisional: bool,
    pub lines: Vec<LineView>,
}

fn award_name(frame: &Frame, award: &Award) -> String {
    named(frame, &award.zh, &award.en)
}

fn figure(line: &ScoredLine, value: u64) -> String {
    if line.criterion.measure.counts() {
        value.to_string()
    } else {
        percent(value)
    }
}

fn win(frame: &Frame, line: &ScoredLine) -> String {
    let t = &frame.t;
    let Some(step) = line.next else {
        return String::new();
    };
    let gain = step.points.saturating_sub(line.points);
    let least = figure(line, step.least);
    let measure = t.m(&format!(
        "evidence-win-{}",
        line.criterion.measure.as_str().replace('_', "-")
    ));
    match line.missing {
        Some(missing) => t.a(
            "evidence-win",
            &[
                ("missing", &missing),
                ("what", &measure),
                ("least", &least),
                ("gain", &gain),
            ],
        ),
        None => t.a(
            "evidence-win-nothing",
            &[("what", &measure), ("least", &least), ("gain", &gain)],
        ),
    }
}

fn line(frame: &Frame, line: &ScoredLine) -> LineView {
    let most = line.criterion.most();
    LineView {
        name: named(frame, &line.criterion.zh, &line.criterion.en),
        provisional: line.criterion.provisional,
        section: line.criterion.measure.section(),
        value: line
            .value
            .map_or_else(|| "—".into(), |value| figure(line, value)),
        of: line
            .share
            .map(|share| format!("{} / {}", share.part, share.whole))
            .unwrap_or_default(),
        points: line.points,
        lost: line.lost,
        tone: match line.lost {
            0 => Tone::Good,
            lost if lost == most => Tone::Stop,
            _ => Tone::Warn,
        },
        most,
        win: win(frame, line),
    }
}

impl ScoreView {
    pub(super) fn of(frame: &Frame, evidence: &Evidence) -> Self {
        match &evidence.score {
            Ok(scored) => Self::scored(frame, scored),
            Err(finding) => Self {
                none: Some(words::refusal(frame, &finding.clone().into())),
                points: 0,
                most: 0,
                tone: Tone::Note,
                award: String::new(),
                next: String::new(),
                sheet: String::new(),
                provisional: false,
                lines: Vec::new(),
            },
        }
    }

    fn scored(frame: &Frame, scored: &Scored) -> Self {
        let t = &frame.t;
        let sheet = &scored.sheet;
        // What costs most stands first.
        let mut lines: Vec<&ScoredLine> = scored.lines.iter().collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.lost));
        Self {
            none: None,
            points: scored.points,
            most: scored.most,
            tone: match (&scored.award, &scored.next) {
                (None, _) => Tone::Stop,
                (Some(_), Some(_)) => Tone::Warn,
                (Some(_), None) => Tone::Good,
            },
            award: scored.award.as_ref().map_or_else(
                || t.m("evidence-no-award"),
                |award| award_name(frame, award),
            ),
            next: scored
                .next
                .as_ref()
                .map(|(award, points)| {
                    let award = award_name(frame, award);
                    t.a(
                        "evidence-next-award",
                        &[("award", &award), ("points", points)],
                    )
                })
                .unwrap_or_default(),
            sheet: t.a(
                "evidence-sheet",
                &[
                    ("sheet", &named(frame, &sheet.zh, &sheet.en)),
                    ("date", &sheet.effective.to_string()),
                    ("source", &sheet.source),
                ],
            ),
            provisional: sheet.provisional || sheet.criteria.iter().any(|one| one.provisional),
            lines: lines.into_iter().map(|one| line(frame, one)).collect(),
        }
    }
}
