use askama::Template;
use lifeline_core::blood::{Antigen, Typing};
use lifeline_core::hospital::Hospital;
use lifeline_core::identification::Workup;
use lifeline_decisions::antibody::{
    Advice, Cause, Cell, Conclusion, Explanation, How, Identification, Knowledge, Panel, Pattern,
    identify, negative_frequency, select,
};
use lifeline_decisions::frequency::{screen_expected, screen_for};

use super::grid::{View, usable};
use crate::web::components::Tone;
use crate::web::{Frame, PageError};

/// Explanations shown.
const SHOWN_MOST: usize = 5;
/// Bags the number to screen is given for.
const UNITS: u32 = 2;
/// With which confidence.
const CONFIDENCE: f64 = 0.95;

/// One explanation in words.
pub(super) struct Line {
    pub title: String,
    pub posterior: String,
    pub fits: bool,
    pub unexplained: String,
    /// By antibody: name, counts, Fisher, 3+3 reached.
    pub evidence: Vec<(String, String, String, bool)>,
}

/// A cell to test next.
pub(super) struct Next {
    pub cell: String,
    pub lot: String,
    pub settles: String,
    pub bits: String,
}

/// A word about the patient's own antigens.
pub(super) struct Own {
    pub tone: Tone,
    pub words: String,
}

/// What the grid says so far.
#[derive(Template)]
#[template(path = "identify/live.html")]
pub(super) struct Live {
    pub tested: bool,
    pub tone: Tone,
    pub pattern: String,
    pub conclusion: String,
    /// Antigen and why it is excluded.
    pub excluded: Vec<(String, String)>,
    pub open: Vec<String>,
    pub lines: Vec<Line>,
    pub advice: Vec<(Tone, String)>,
    pub own: Vec<Own>,
    pub next: Vec<Next>,
    pub unsettled: String,
    pub negative: Vec<String>,
    pub policy: String,
    pub frame: Frame,
}

fn join(frame: &Frame, items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    items.join(&frame.t.m("list-separator"))
}

fn anti(frame: &Frame, antigen: Antigen) -> String {
    frame.t.a("antibody-anti", &[("antigen", &antigen.name())])
}

/// What an explanation is called.
pub(super) fn title(frame: &Frame, explanation: &Explanation) -> String {
    match explanation.cause {
        Cause::Alloantibodies => {
            let named = explanation.antibodies.iter().map(|a| anti(frame, *a));
            named.collect::<Vec<_>>().join(" + ")
        }
        Cause::Autoantibody => frame.t.m("identify-cause-auto"),
        Cause::HighPrevalence => frame.t.m("identify-cause-high"),
        Cause::LowPrevalence => frame.t.m("identify-cause-low"),
        Cause::Unspecific => frame.t.m("identify-cause-none"),
    }
}

fn probability(p: f64) -> String {
    if p < 0.0005 {
        "< 0.001".into()
    } else {
        format!("{p:.3}")
    }
}

fn line(frame: &Frame, explanation: &Explanation) -> Line {
    let evidence = explanation
        .sufficiency
        .iter()
        .map(|(antigen, s)| {
            let counts = frame.t.a(
                "identify-counts",
                &[
                    ("reactive", &i64::from(s.table.pos_reactive)),
                    (
                        "positive",
                        &i64::from(s.table.pos_reactive + s.table.pos_non),
                    ),
                    ("quiet", &i64::from(s.table.neg_non)),
                    (
                        "negative",
                        &i64::from(s.table.neg_reactive + s.table.neg_non),
                    ),
                ],
            );
            (
                anti(frame, *antigen),
                counts,
                probability(s.fisher_p),
                s.three_and_three,
            )
        })
        .collect();
    Line {
        title: title(frame, explanation),
        posterior: format!("{:.1} %", explanation.posterior * 100.0),
        fits: explanation.fits,
        unexplained: join(frame, explanation.unexplained.iter().cloned()),
        evidence,
    }
}

fn advise(frame: &Frame, advice: &Advice) -> (Tone, String) {
    let tone = match advice {
        Advice::CannotConclude | Advice::PatientPositive(_) => Tone::Stop,
        Advice::NothingReacts | Advice::TypePatient(_) | Advice::AntiG => Tone::Note,
        _ => Tone::Warn,
    };
    let about = join(frame, advice.about());
    let key = format!("identify-advice-{}", advice.code());
    (tone, frame.t.a(&key, &[("about", &about)]))
}

impl Live {
    /// Reads the grid.
    ///
    /// # Errors
    /// The tables the program comes with are broken.
    pub fn of(
        frame: &Frame,
        hospital: &Hospital,
        workup: &Workup,
        view: &View,
        panel: &Panel,
    ) -> Result<(Self, Identification), PageError> {
        let knowledge = Knowledge::builtin().map_err(|error| {
            tracing::error!(%error, "antibody tables");
            PageError::Unavailable
        })?;
        let tables = knowledge
            .policy(&view.policy)
            .or_else(|| knowledge.policy(""))
            .zip(
                knowledge
                    .population(&view.population)
                    .or_else(|| knowledge.population("")),
            );
        let (policy, population) = tables.ok_or(PageError::Unavailable)?;
        let record = hospital
            .record_of(workup.patient)
            .ok_or(PageError::NotFound)?;
        let patient = record.antigens();
        let answer = identify(knowledge, policy, population, panel, &patient);
        let t = frame.t;
        let tested = panel.tested();
        let top = answer.explanations.first();
        let named = top.map(|top| top.antibodies.clone()).unwrap_or_default();
        let excluded = answer
            .excluded
            .iter()
            .map(|(antigen, why)| {
                let dose = match why.how {
                    How::DoubleDose => t.m("identify-double-dose"),
                    How::SingleDose => t.m("identify-single-dose"),
                };
                let cells = join(frame, why.cells.iter().cloned());
                let words = t.a(
                    "identify-excluded-by",
                    &[
                        ("antigen", &antigen.name()),
                        ("cells", &cells),
                        ("dose", &dose),
                    ],
                );
                (antigen.name().to_owned(), words)
            })
            .collect();
        // What every cell of the shown lots and all other lots in date could still settle.
        let untested: Vec<(&str, Cell)> = usable(hospital, frame)
            .into_iter()
            .flat_map(|antigram| {
                let read = workup.readings.get(&antigram.lot);
                antigram
                    .cells
                    .iter()
                    .filter(move |cell| {
                        read.and_then(|cells| cells.get(&cell.id))
                            .is_none_or(|phases| phases.is_empty())
                    })
                    .map(|cell| {
                        let cell = Cell {
                            id: cell.id.to_string(),
                            label: cell.label.clone(),
                            typed: cell.antigens,
                            reactions: Vec::new(),
                        };
                        (antigram.lot.as_str(), cell)
                    })
            })
            .collect();
        let pool: Vec<&Cell> = untested.iter().map(|(_, cell)| cell).collect();
        let left: Vec<Antigen> = answer
            .not_excluded
            .iter()
            .copied()
            .filter(|antigen| !named.contains(antigen))
            .collect();
        let specific = tested && !named.is_empty();
        let chosen = specific.then(|| {
            select(
                knowledge,
                policy,
                &pool,
                &left,
                &named,
                &answer.hypotheses,
                false,
            )
        });
        let next = chosen.iter().flat_map(|chosen| &chosen.choices);
        let next = next
            .filter_map(|choice| {
                let (lot, cell) = untested.get(choice.index)?;
                Some(Next {
                    cell: format!("{} {}", cell.id, cell.label),
                    lot: (*lot).to_owned(),
                    settles: join(frame, choice.resolves.keys().map(|a| a.name().to_owned())),
                    bits: format!("{:.2}", choice.information),
                })
            })
            .collect();
        let unsettled = chosen.map(|chosen| chosen.unresolved).unwrap_or_default();
        let own = named
            .iter()
            .map(|antigen| {
                let (tone, key) = match patient.typing(*antigen) {
                    Typing::Positive => (Tone::Stop, "identify-own-positive"),
                    Typing::Negative => (Tone::Good, "identify-own-negative"),
                    Typing::NotTested => (Tone::Warn, "identify-own-untyped"),
                };
                Own {
                    tone,
                    words: t.a(key, &[("antigen", &antigen.name())]),
                }
            })
            .collect();
        let mut negative = Vec::new();
        if specific && let Ok(share) = negative_frequency(knowledge, population, &named) {
            let percent = format!("{:.1}", share * 100.0);
            negative.push(t.a("identify-negative-share", &[("percent", &percent)]));
            if let (Some(expected), Some(sure)) = (
                screen_expected(UNITS, share),
                screen_for(UNITS, share, CONFIDENCE),
            ) {
                let numbers: [(&str, &dyn crate::web::i18n::Argument); 3] = [
                    ("units", &i64::from(UNITS)),
                    ("expected", &i64::from(expected)),
                    ("sure", &i64::from(sure)),
                ];
                negative.push(t.a("identify-negative-screen", &numbers));
            }
        }
        let (tone, conclusion) = match (tested, answer.conclusion) {
            (false, _) => (Tone::Note, t.m("identify-conclusion-empty")),
            (_, Conclusion::Supported) => (Tone::Good, t.m("identify-conclusion-supported")),
            (_, Conclusion::Tentative) => (Tone::Warn, t.m("identify-conclusion-tentative")),
            (_, Conclusion::None) if answer.pattern == Pattern::Negative => {
                (Tone::Note, t.m("identify-conclusion-negative"))
            }
            (_, Conclusion::None) => (Tone::Stop, t.m("identify-conclusion-none")),
        };
        let live = Self {
            tested,
            tone,
            pattern: t.m(&format!("identify-pattern-{}", answer.pattern.as_str())),
            conclusion,
            excluded,
            open: answer
                .not_excluded
                .iter()
                .map(|antigen| antigen.name().to_owned())
                .collect(),
            lines: answer
                .explanations
                .iter()
                .take(SHOWN_MOST)
                .map(|explanation| line(frame, explanation))
                .collect(),
            advice: answer
                .advice
                .iter()
                .map(|advice| advise(frame, advice))
                .collect(),
            own,
            next,
            unsettled: join(frame, unsettled.iter().map(|a| a.name().to_owned())),
            negative,
            policy: t.a(
                "identify-by-policy",
                &[
                    ("policy", &t.m(&format!("identify-policy-{}", policy.name))),
                    ("effective", &knowledge.policies_effective.0),
                    (
                        "population",
                        &t.m(&format!("identify-population-{}", population.name)),
                    ),
                ],
            ),
            frame: frame.clone(),
        };
        Ok((live, answer))
    }
}
