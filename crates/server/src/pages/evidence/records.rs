use lifeline_core::evidence::CompetenceState;
use lifeline_core::governance::{Stage, Weight};
use lifeline_core::subject::Subject;

use super::{Cell, Figure, Maker, Section};
use crate::web::components::Tone;

pub(super) fn sections(maker: &Maker<'_>) -> Vec<Section> {
    vec![
        competence(maker),
        comparisons(maker),
        nonconformities(maker),
        documents(maker),
        reviews(maker),
    ]
}

fn competence(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.governance;
    let mut rows = Vec::new();
    for person in &found.people {
        let name = || Cell::text(maker.person(person.person.as_str()));
        if person.items.is_empty() {
            rows.push(vec![
                name(),
                Cell::default(),
                Cell::chip((Tone::Stop, maker.m("evidence-never-assessed"))),
                Cell::default(),
                Cell::default(),
            ]);
        }
        for (item, state, until, entry) in &person.items {
            let chip = match state {
                CompetenceState::Valid => (Tone::Good, maker.m("competence-valid")),
                CompetenceState::RunOut => (Tone::Warn, maker.m("competence-run-out")),
                CompetenceState::Failed => (Tone::Stop, maker.m("competence-failed")),
            };
            rows.push(vec![
                name(),
                Cell::text(item.clone()),
                Cell::chip(chip),
                maker.text(*until),
                Cell::entry(*entry),
            ]);
        }
    }
    let mut section = maker.section(
        "competence",
        &[
            ("competence-person", false),
            ("competence-item", false),
            ("competence-result", false),
            ("competence-until", false),
            ("evidence-entry", false),
        ],
        rows,
    );
    let assessed: u64 = found.people.iter().map(|person| person.assessed).sum();
    section.figures = vec![
        maker.share("evidence-competent", found.competence),
        maker.count("evidence-assessed", assessed, Tone::Note),
    ];
    section
}

fn comparisons(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.governance;
    let rows = found
        .comparisons
        .iter()
        .map(|one| {
            let chip = if one.acceptable {
                (Tone::Good, maker.m("comparison-acceptable"))
            } else {
                (Tone::Stop, maker.m("comparison-not-acceptable"))
            };
            vec![
                Cell::link(
                    format!("/comparisons/{}", one.comparison),
                    one.comparison.to_string(),
                ),
                Cell::text(one.item.clone()),
                Cell::text(maker.m(&format!("versus-{}", one.versus.as_str()))),
                Cell::text(one.parties.join(" / ")),
                Cell::chip(chip),
                maker.text(one.at),
                Cell::entry(one.entry),
            ]
        })
        .collect();
    let mut section = maker.section(
        "comparisons",
        &[
            ("comparison-number", false),
            ("comparison-item", false),
            ("comparison-versus", false),
            ("comparison-parties", false),
            ("comparison-verdict", false),
            ("comparison-at", false),
            ("evidence-entry", false),
        ],
        rows,
    );
    section.figures = vec![
        maker.share(
            "evidence-comparisons-acceptable",
            found.comparisons_acceptable,
        ),
        Figure {
            words: maker.m("evidence-comparison-kinds"),
            value: found.comparison_kinds.to_string(),
            of: String::new(),
            tone: if found.comparison_kinds == 3 {
                Tone::Good
            } else {
                Tone::Warn
            },
        },
    ];
    section
}

fn nonconformities(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.governance;
    let rows = found
        .nonconformities
        .iter()
        .map(|one| {
            let weight = match one.weight {
                Weight::Minor => Tone::Note,
                Weight::Major => Tone::Warn,
                Weight::Critical => Tone::Stop,
            };
            let stage = match one.stage {
                Stage::Closed => Tone::Good,
                _ if one.overdue => Tone::Stop,
                _ => Tone::Warn,
            };
            vec![
                Cell::subject(&Subject::from(one.nonconformity)),
                Cell::chip((weight, maker.m(&format!("weight-{}", one.weight.as_str())))),
                Cell::text(one.text.clone()),
                maker.text(one.reported),
                Cell::chip((stage, maker.m(&format!("stage-{}", one.stage.as_str())))),
                one.closed
                    .map_or_else(Cell::default, |closed| maker.text(closed)),
                Cell::number(one.days.map_or_else(|| "—".into(), |days| days.to_string())),
                Cell::number(one.rounds),
            ]
        })
        .collect();
    let mut section = maker.section(
        "nonconformities",
        &[
            ("case-number", false),
            ("case-weight", false),
            ("case-text", false),
            ("case-reported", false),
            ("case-stage", false),
            ("evidence-closed", false),
            ("evidence-days", true),
            ("evidence-capa-rounds", true),
        ],
        rows,
    );
    section.figures = vec![maker.share("evidence-capa-closed", found.nonconformities_closed)];
    section.figures.extend(found.days_median.map(|days| Figure {
        words: maker.m("evidence-days-median"),
        value: maker.frame.t.a("policy-days", &[("count", &days)]),
        of: String::new(),
        tone: Tone::Note,
    }));
    section
}

fn documents(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.governance;
    let rows = found
        .documents
        .iter()
        .map(|one| {
            vec![
                Cell::subject(&Subject::from(one.document.clone())),
                Cell::text(one.title.clone()),
                Cell::number(one.edition),
                Cell::number(format!("{} / {}", one.read.part, one.read.whole)),
                maker.percent_cell(one.read),
            ]
        })
        .collect();
    let mut section = maker.section(
        "documents",
        &[
            ("document-code", false),
            ("document-title", false),
            ("document-edition", true),
            ("document-read", true),
            ("evidence-share", true),
        ],
        rows,
    );
    section.figures = vec![maker.share("evidence-documents-read", found.documents_read)];
    section
}

fn reviews(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.governance;
    let rows = found
        .reviews
        .iter()
        .map(|one| {
            vec![
                Cell::text(one.review.to_string()),
                Cell::text(maker.m(&format!("review-{}", one.kind.as_str()))),
                Cell::text(one.held.to_string()),
                Cell::text(one.scope.clone()),
                Cell::subjects(one.nonconformities.iter().map(|id| Subject::from(*id))),
                Cell::entry(one.entry),
            ]
        })
        .collect();
    let mut section = maker.section(
        "reviews",
        &[
            ("review-number", false),
            ("review-kind", false),
            ("review-held", false),
            ("review-scope", false),
            ("review-cases", false),
            ("evidence-entry", false),
        ],
        rows,
    );
    let held = |count| if count == 0 { Tone::Warn } else { Tone::Good };
    section.figures = vec![
        maker.count(
            "review-internal-audit",
            found.internal_audits,
            held(found.internal_audits),
        ),
        maker.count(
            "review-management-review",
            found.management_reviews,
            held(found.management_reviews),
        ),
    ];
    section
}
