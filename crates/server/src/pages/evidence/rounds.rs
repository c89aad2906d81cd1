use lifeline_core::evidence::RoundFigures;
use lifeline_core::id::ProgrammeId;
use lifeline_core::subject::Subject;
use lifeline_qc::eqa::{Performance, Submitted};

use super::{Cell, Maker, Section};
use crate::pages::policy::{named, percent};
use crate::pages::timeline;
use crate::web::components::Tone;
use crate::web::words::address;

impl Maker<'_> {
    fn programme(&self, id: &ProgrammeId) -> Cell {
        let name = self.hospital.assessments.programmes.get(id).map_or_else(
            || id.to_string(),
            |programme| named(self.frame, &programme.name, &programme.latin),
        );
        Cell::link(address(&Subject::from(id.clone())), name)
    }

    fn item(&self, code: &str) -> String {
        timeline::worded(self.frame, &format!("eqa-item-{code}"), code)
    }

    fn submitted(&self, round: &RoundFigures) -> Cell {
        let (tone, key) = match round.submitted {
            None => return Cell::chip((Tone::Note, self.m("evidence-not-due"))),
            Some(Submitted::OnTime) => (Tone::Good, "eqa-submitted-on-time"),
            Some(Submitted::Late) => (Tone::Stop, "eqa-submitted-late"),
            Some(Submitted::Absent) => (Tone::Stop, "eqa-submitted-absent"),
        };
        Cell::chip((tone, self.m(key)))
    }

    fn satisfactory(&self, round: &RoundFigures) -> Cell {
        match round.satisfactory {
            None => Cell::text("—"),
            Some(true) => Cell::chip((Tone::Good, self.m("eqa-satisfactory"))),
            Some(false) => Cell::chip((Tone::Stop, self.m("eqa-unsatisfactory"))),
        }
    }

    /// Items as `ABO 100 · RhD 80!`, the failed ones marked.
    fn items(&self, round: &RoundFigures) -> Cell {
        let items: Vec<String> = round
            .items
            .iter()
            .map(|item| {
                let mark = if item.satisfactory { "" } else { " ✗" };
                format!(
                    "{} {}{mark}",
                    self.item(&item.item),
                    percent(u64::from(item.score))
                )
            })
            .collect();
        Cell::text(items.join(" · "))
    }

    fn score(&self, round: &RoundFigures) -> Cell {
        let score = round.score.map(|score| percent(u64::from(score)));
        Cell::number(score.unwrap_or_else(|| "—".into()))
    }

    fn standing(&self, standing: Option<Performance>) -> Cell {
        let (tone, word) = match standing {
            Some(Performance::Successful) => (Tone::Good, "successful"),
            Some(Performance::UnsuccessfulInARow) => (Tone::Stop, "in-a-row"),
            Some(Performance::UnsuccessfulAmongLast) => (Tone::Stop, "among-last"),
            Some(Performance::TooManyPoints) => (Tone::Stop, "points"),
            None => (Tone::Note, "unknown"),
        };
        Cell::chip((tone, self.m(&format!("eqa-standing-{word}"))))
    }
}

pub(super) fn sections(maker: &Maker<'_>) -> Vec<Section> {
    vec![participation(maker), rounds(maker), trend(maker)]
}

fn participation(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.rounds;
    let rows = found
        .participation
        .iter()
        .map(|one| {
            let chip = if one.entered {
                (Tone::Good, maker.m("evidence-entered"))
            } else {
                (Tone::Stop, maker.m("evidence-not-entered"))
            };
            vec![
                maker.programme(&one.programme),
                Cell::text(maker.item(&one.item)),
                Cell::chip(chip),
                Cell::text(maker.m(if one.listed { "yes" } else { "no" })),
            ]
        })
        .collect();
    let mut section = maker.section(
        "participation",
        &[
            ("evidence-programme", false),
            ("evidence-item", false),
            ("qc-state", false),
            ("evidence-listed", false),
        ],
        rows,
    );
    if !found.offered_listed {
        section.note = format!("{} {}", section.note, maker.m("evidence-not-listed"));
    }
    section.figures = vec![maker.share("evidence-indicator-5", found.indicator)];
    section
}

fn rounds(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.rounds;
    let rows = found
        .rounds
        .iter()
        .map(|round| {
            vec![
                Cell::link(address(&Subject::from(round.round)), round.label.clone()),
                maker.programme(&round.programme),
                maker.text(round.deadline),
                maker.submitted(round),
                maker.score(round),
                maker.satisfactory(round),
                maker.items(round),
                Cell::text(if round.unsolved {
                    maker.m("evidence-unsolved")
                } else {
                    String::new()
                }),
            ]
        })
        .collect();
    let mut section = maker.section(
        "rounds",
        &[
            ("field-label", false),
            ("evidence-programme", false),
            ("field-deadline", false),
            ("eqa-submitted", false),
            ("eqa-score", true),
            ("eqa-result", false),
            ("field-items", false),
            ("evidence-follow-up", false),
        ],
        rows,
    );
    section.figures = vec![
        maker.share("evidence-rounds-passed", found.passed),
        maker.share("evidence-items-passed", found.items_passed),
        maker.share("evidence-in-time", found.in_time),
    ];
    section
}

fn trend(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.rounds;
    let mut rows = Vec::new();
    for programme in &found.programmes {
        rows.push(vec![
            maker.programme(&programme.programme),
            maker.standing(programme.standing),
            Cell::default(),
            Cell::default(),
            Cell::default(),
        ]);
        for round in &programme.trend {
            rows.push(vec![
                Cell::link(address(&Subject::from(round.round)), round.label.clone()),
                maker.satisfactory(round),
                maker.text(round.deadline),
                maker.score(round),
                maker.items(round),
            ]);
        }
    }
    let mut section = maker.section(
        "trend",
        &[
            ("evidence-programme-round", false),
            ("eqa-standing", false),
            ("field-deadline", false),
            ("eqa-score", true),
            ("field-items", false),
        ],
        rows,
    );
    if found.trouble.is_some() {
        section.note = format!("{} {}", section.note, maker.m("evidence-trend-trouble"));
    }
    section.figures = vec![maker.share("evidence-standing", found.standing)];
    section
}
