use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::governance::{Comparison, Verdict, grades_agree};
use lifeline_core::id::ComparisonId;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;

use crate::app::App;
use crate::pages::timeline;
use crate::web::components::{Moment, Tone};
use crate::web::{Frame, PageError, Room, TimelineEntry, Visit, render};

/// Thousandths as per cent.
fn tenths(permille: i64) -> String {
    format!("{}.{}", permille / 10, permille % 10)
}

/// The arithmetic of a verdict in words.
pub(super) fn figures(frame: &Frame, verdict: &Verdict) -> String {
    let t = &frame.t;
    match verdict {
        Verdict::Words {
            agreed,
            samples,
            least_permille,
            ..
        } => t.a(
            "comparison-words",
            &[
                ("agreed", agreed),
                ("samples", samples),
                ("least", &tenths(*least_permille)),
            ],
        ),
        Verdict::Grades {
            agreed,
            exact,
            samples,
            steps,
            least_permille,
            ..
        } => t.a(
            "comparison-grades",
            &[
                ("agreed", agreed),
                ("exact", exact),
                ("samples", samples),
                ("steps", steps),
                ("least", &tenths(*least_permille)),
            ],
        ),
        Verdict::Numbers {
            bias_permille,
            allowed_permille,
            within,
            samples,
            each_permille,
            share_permille,
            ..
        } => {
            let percent = |bias: &i64| format!("{:+.1} %", *bias as f64 / 10.0);
            let bias: Vec<String> = bias_permille.iter().map(percent).collect();
            let within: Vec<String> = within.iter().map(u32::to_string).collect();
            t.a(
                "comparison-numbers",
                &[
                    ("bias", &bias.join(" / ")),
                    ("allowed", &tenths(*allowed_permille)),
                    ("within", &within.join(" / ")),
                    ("samples", samples),
                    ("each", &tenths(*each_permille)),
                    ("share", &tenths(*share_permille)),
                ],
            )
        }
    }
}

/// Whether the ways may stand for one another, as a chip.
pub(super) fn acceptable(frame: &Frame, verdict: &Verdict) -> (Tone, String) {
    if verdict.acceptable() {
        (Tone::Good, frame.t.m("comparison-acceptable"))
    } else {
        (Tone::Stop, frame.t.m("comparison-not-acceptable"))
    }
}

/// Whether a result of a row differs from the reference, as far as the verdict's kind shows it in one row.
fn differs(verdict: &Verdict, reference: &str, result: &str) -> bool {
    let grade = |text: &str| lifeline_core::blood::Grade::parse(text);
    match verdict {
        Verdict::Words { .. } => reference.trim().to_lowercase() != result.trim().to_lowercase(),
        Verdict::Grades { steps, .. } => grade(reference)
            .zip(grade(result))
            .is_none_or(|(one, other)| !grades_agree(one, other, *steps)),
        Verdict::Numbers { each_permille, .. } => {
            let number = |text: &str| text.trim().parse::<f64>().ok();
            number(reference)
                .zip(number(result))
                .is_none_or(|(one, other)| {
                    ((other - one) / one * 1000.0).abs() > *each_permille as f64 + 1e-6
                })
        }
    }
}

struct Line {
    sample: String,
    results: Vec<(String, bool)>,
}

#[derive(Template)]
#[template(path = "governance/comparison.html")]
struct ComparisonPage {
    id: String,
    item: String,
    versus: String,
    parties: Vec<String>,
    lines: Vec<Line>,
    verdict: (Tone, String),
    figures: String,
    at: Moment,
    who: String,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

fn lines(comparison: &Comparison) -> Vec<Line> {
    comparison
        .rows
        .iter()
        .map(|row| {
            let reference = row.results.first().map(String::as_str).unwrap_or_default();
            let results = row.results.iter().map(|result| {
                let differs = differs(&comparison.verdict, reference, result);
                (result.clone(), differs)
            });
            Line {
                sample: row.sample.clone(),
                results: results.collect(),
            }
        })
        .collect()
}

/// `GET /comparisons/{comparison}`.
pub(super) async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Path(comparison): Path<String>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewGovernance)?;
    frame.room = Some(Room::Governance);
    let hospital = app.state();
    let found = comparison
        .parse::<ComparisonId>()
        .ok()
        .and_then(|id| hospital.governance.comparisons.get(&id).cloned())
        .ok_or(PageError::NotFound)?;
    Ok(render(&ComparisonPage {
        id: found.id.to_string(),
        item: found.item.clone(),
        versus: frame.t.m(&format!("versus-{}", found.versus.as_str())),
        parties: found.parties.clone(),
        lines: lines(&found),
        verdict: acceptable(&frame, &found.verdict),
        figures: figures(&frame, &found.verdict),
        at: frame.moment(found.recorded.at),
        who: timeline::person(&frame, &hospital, found.recorded.by.as_str()),
        timeline: timeline::of(&app, &frame, &[Subject::from(found.id)]).await?,
        frame,
    }))
}
