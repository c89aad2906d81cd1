use lifeline_core::id::ControlCode;
use lifeline_core::quality::{Place, control};
use lifeline_core::subject::Subject;

use super::{Cell, Figure, Maker, Section};
use crate::pages::policy::named;
use crate::pages::timeline;
use crate::web::components::Tone;
use crate::web::words;

impl Maker<'_> {
    fn control(&self, code: &ControlCode) -> Cell {
        let name = control(self.hospital, code, self.evidence.at).map_or_else(
            |_| code.to_string(),
            |control| named(self.frame, &control.zh, &control.en),
        );
        Cell::link(
            crate::web::words::address(&Subject::from(code.clone())),
            name,
        )
    }

    fn place(&self, place: &Place) -> Cell {
        Cell::text(match place {
            Place::Bench => self.m("qc-place-bench"),
            Place::Device(id) => id.to_string(),
        })
    }
}

pub(super) fn sections(maker: &Maker<'_>) -> Vec<Section> {
    vec![
        coverage(maker),
        controls(maker),
        cases(maker),
        waivers(maker),
    ]
}

fn coverage(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.controls;
    let rows = found
        .items
        .iter()
        .map(|item| {
            let (tone, key) = if item.covered.all() {
                (Tone::Good, "qc-covered")
            } else {
                (Tone::Stop, "qc-uncovered")
            };
            vec![
                Cell::text(maker.m(&format!("evidence-item-{}", item.item.as_str()))),
                Cell::text(maker.m(if item.counted { "yes" } else { "no" })),
                Cell::number(item.covered.whole),
                Cell::number(item.covered.part),
                maker.percent_cell(item.covered),
                Cell::number(item.waived),
                Cell::chip((tone, maker.m(key))),
                Cell::subjects(item.bare.iter().map(|result| result.subject())),
            ]
        })
        .collect();
    let mut section = maker.section(
        "coverage",
        &[
            ("evidence-item", false),
            ("evidence-counted", false),
            ("evidence-released", true),
            ("evidence-covered", true),
            ("evidence-share", true),
            ("evidence-waived", true),
            ("qc-state", false),
            ("evidence-bare", false),
        ],
        rows,
    );
    section.figures = vec![
        maker.share("evidence-indicator-4", found.indicator),
        maker.share("evidence-results", found.results),
        maker.count("evidence-waiting", found.waiting, Tone::Note),
    ];
    if let Some(finding) = &found.trouble {
        let told = words::finding(maker.frame, finding);
        section.note = format!("{} {}: {}", section.note, told.what, told.why);
    }
    if !found.not_performed.is_empty() {
        let names: Vec<String> = found
            .not_performed
            .iter()
            .map(|item| maker.m(&format!("evidence-item-{}", item.as_str())))
            .collect();
        let names = names.join(&maker.m("list-separator"));
        section.note = format!(
            "{} {}",
            section.note,
            maker
                .frame
                .t
                .a("evidence-not-performed", &[("items", &names)])
        );
    }
    section
}

fn controls(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.controls;
    let rows = found
        .controls
        .iter()
        .map(|one| {
            vec![
                maker.control(&one.control),
                maker.place(&one.place),
                Cell::number(one.runs),
                Cell::number(one.in_control.whole),
                maker.percent_cell(one.in_control),
                Cell::number(one.warnings),
                Cell::number(one.establishing),
                Cell::number(one.rejected_count),
                Cell::subjects(one.rejected.iter().map(|run| Subject::from(*run))),
            ]
        })
        .collect();
    let mut section = maker.section(
        "controls",
        &[
            ("qc-control", false),
            ("qc-place", false),
            ("evidence-runs", true),
            ("evidence-levels", true),
            ("evidence-in-control", true),
            ("evidence-warnings", true),
            ("evidence-establishing", true),
            ("evidence-rejected", true),
            ("evidence-rejected-runs", false),
        ],
        rows,
    );
    let runs: u64 = found.controls.iter().map(|one| one.runs).sum();
    let rejected: u64 = found.controls.iter().map(|one| one.rejected_count).sum();
    section.figures = vec![
        maker.share("evidence-in-control", found.in_control),
        maker.count("evidence-runs", runs, Tone::Note),
        maker.count(
            "evidence-rejected",
            rejected,
            if rejected == 0 {
                Tone::Good
            } else {
                Tone::Warn
            },
        ),
    ];
    section
}

/// A span of minutes as people say it.
pub(super) fn span(maker: &Maker<'_>, minutes: i64) -> String {
    let (count, key) = match minutes {
        minutes if minutes >= 2 * 1440 => (minutes / 1440, "policy-days"),
        minutes if minutes >= 120 => (minutes / 60, "policy-hours"),
        minutes => (minutes, "policy-minutes"),
    };
    maker.frame.t.a(key, &[("count", &count)])
}

fn cases(maker: &Maker<'_>) -> Section {
    let found = &maker.evidence.controls;
    let rows = found
        .cases
        .iter()
        .map(|case| {
            let cause = case.cause.as_deref().unwrap_or_default();
            let cause = timeline::worded(maker.frame, &format!("qc-cause-{cause}"), cause);
            vec![
                Cell::subject(&Subject::from(case.case)),
                maker.control(&case.control),
                maker.place(&case.place),
                maker.text(case.opened),
                case.closed.map_or_else(
                    || Cell::chip((Tone::Stop, maker.m("evidence-not-closed"))),
                    |closed| maker.text(closed),
                ),
                Cell::number(
                    case.minutes
                        .map_or_else(|| "—".into(), |minutes| span(maker, minutes)),
                ),
                Cell::text(cause),
                Cell::number(case.affected),
                Cell::number(case.undecided),
                Cell::subjects(case.runs.iter().map(|run| Subject::from(*run))),
            ]
        })
        .collect();
    let mut section = maker.section(
        "cases",
        &[
            ("evidence-case", false),
            ("qc-control", false),
            ("qc-place", false),
            ("evidence-opened", false),
            ("evidence-closed", false),
            ("evidence-took", true),
            ("evidence-cause", false),
            ("evidence-affected", true),
            ("evidence-undecided", true),
            ("evidence-case-runs", false),
        ],
        rows,
    );
    section.figures = vec![maker.share("evidence-cases-closed", found.closed)];
    section
        .figures
        .extend(found.minutes_median.map(|minutes| Figure {
            words: maker.m("evidence-took-median"),
            value: span(maker, minutes),
            of: String::new(),
            tone: Tone::Note,
        }));
    section
}

fn waivers(maker: &Maker<'_>) -> Section {
    let rows = maker
        .evidence
        .controls
        .waivers
        .iter()
        .map(|waiver| {
            let lot = waiver
                .cover
                .lot
                .as_ref()
                .map(|lot| Subject::from(lot.clone()));
            vec![
                maker.control(&waiver.cover.control),
                maker.place(&waiver.cover.place),
                Cell::subjects(lot),
                maker.text(waiver.from),
                maker.text(waiver.until),
                Cell::text(waiver.reason.clone()),
                Cell::text(format!(
                    "{} / {}",
                    maker.person(waiver.by.as_str()),
                    maker.person(waiver.second.as_str())
                )),
                Cell::entry(waiver.entry),
            ]
        })
        .collect();
    maker.section(
        "waivers",
        &[
            ("qc-control", false),
            ("qc-place", false),
            ("lot-number", false),
            ("evidence-from", false),
            ("evidence-until", false),
            ("act-reason", false),
            ("evidence-signed", false),
            ("evidence-entry", false),
        ],
        rows,
    )
}
