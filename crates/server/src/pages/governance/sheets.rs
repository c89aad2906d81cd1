use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::command::Command;
use lifeline_core::governance::{
    AssessmentMethod, NonconformitySource, PublishDocument, RecordComparison, RecordCompetence,
    RecordReview, ReportNonconformity, ReviewKind, Row, Scale, Versus, Weight,
};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{DocumentId, NonconformityId, UserId};
use lifeline_core::people::{Action, Role};
use lifeline_core::subject::Subject;

use crate::app::App;
use crate::pages::sheet::{Answer, Input, Kind, Sheet, bad_identifier, moment, moment_value, send};
use crate::web::{Form, Frame, PageError, Posted, Visit};

/// What a sheet adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Case,
    Document,
    Comparison,
    Competence,
    Review,
}

impl What {
    fn parse(text: &str) -> Result<Self, PageError> {
        Ok(match text {
            "case" => Self::Case,
            "document" => Self::Document,
            "comparison" => Self::Comparison,
            "competence" => Self::Competence,
            "review" => Self::Review,
            _ => return Err(PageError::NotFound),
        })
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Document => "document",
            Self::Comparison => "comparison",
            Self::Competence => "competence",
            Self::Review => "review",
        }
    }

    /// What must be granted to see the sheet.
    fn needs(self) -> Action {
        match self {
            Self::Case => Action::ViewGovernance,
            Self::Document | Self::Review => Action::DocumentManage,
            Self::Comparison => Action::ComparisonRecord,
            Self::Competence => Action::CompetenceAssess,
        }
    }

    fn signed(self) -> bool {
        matches!(self, Self::Document | Self::Review)
    }

    fn inputs(self, frame: &Frame, hospital: &Hospital) -> Vec<Input> {
        let t = frame.t;
        let words = |prefix: &str, all: Vec<&'static str>| -> Vec<(String, String)> {
            all.into_iter()
                .map(|word| (word.to_owned(), t.m(&format!("{prefix}-{word}"))))
                .collect()
        };
        match self {
            Self::Case => vec![
                Input::must(Kind::Select, "source", t.m("case-source")).of(words(
                    "source",
                    NonconformitySource::ALL
                        .iter()
                        .map(|one| one.as_str())
                        .collect(),
                )),
                Input::must(Kind::Choice, "weight", t.m("case-weight")).of(words(
                    "weight",
                    Weight::ALL.iter().map(|one| one.as_str()).collect(),
                )),
                Input::must(Kind::Lines, "text", t.m("case-text")),
                Input::must(Kind::Moment, "happened", t.m("case-happened")),
                Input::may(Kind::Scan("any"), "about", t.m("case-about"))
                    .note(t.m("case-about-note")),
            ],
            Self::Document => {
                let mut inputs = vec![
                    Input::must(Kind::Text, "document", t.m("document-code")),
                    Input::must(Kind::Text, "title", t.m("document-title")),
                    Input::must(Kind::Text, "place", t.m("document-place"))
                        .note(t.m("document-place-note")),
                    Input::may(Kind::Text, "digest", t.m("document-digest"))
                        .note(t.m("document-digest-note")),
                    Input::must(Kind::Moment, "effective", t.m("document-effective")),
                ];
                inputs.extend(READERS.iter().map(|(name, role)| {
                    let role = t.m(&format!("role-{}", role.as_str()));
                    Input::may(Kind::Tick, name, t.a("document-reader", &[("role", &role)]))
                }));
                inputs
            }
            Self::Comparison => vec![
                Input::must(Kind::Choice, "versus", t.m("comparison-versus")).of(words(
                    "versus",
                    Versus::ALL.iter().map(|one| one.as_str()).collect(),
                )),
                Input::must(Kind::Text, "item", t.m("comparison-item"))
                    .note(t.m("comparison-item-note")),
                Input::must(Kind::Choice, "scale", t.m("comparison-scale")).of(words(
                    "scale",
                    Scale::ALL.iter().map(|one| one.as_str()).collect(),
                )),
                Input::must(Kind::Text, "parties", t.m("comparison-parties"))
                    .note(t.m("comparison-parties-note")),
                Input::must(Kind::Lines, "rows", t.m("comparison-rows"))
                    .note(t.m("comparison-rows-note")),
            ],
            Self::Competence => vec![
                Input::must(Kind::Select, "person", t.m("competence-person"))
                    .of(people(frame, hospital)),
                Input::must(Kind::Text, "item", t.m("competence-item")),
                Input::must(Kind::Select, "method", t.m("competence-method")).of(words(
                    "assessment",
                    AssessmentMethod::ALL
                        .iter()
                        .map(|one| one.as_str())
                        .collect(),
                )),
                Input::must(Kind::Choice, "passed", t.m("competence-result")).of([
                    ("yes".into(), t.m("competence-passed")),
                    ("no".into(), t.m("competence-failed")),
                ]),
                Input::must(Kind::Moment, "until", t.m("competence-until")),
                Input::may(Kind::Lines, "note", t.m("competence-note")),
            ],
            Self::Review => vec![
                Input::must(Kind::Select, "kind", t.m("review-kind")).of(words(
                    "review",
                    ReviewKind::ALL.iter().map(|one| one.as_str()).collect(),
                )),
                Input::must(Kind::Date, "held", t.m("review-held")),
                Input::must(Kind::Text, "scope", t.m("review-scope")),
                Input::must(Kind::Lines, "conclusion", t.m("review-conclusion")),
                Input::may(Kind::Text, "cases", t.m("review-cases")).note(t.m("review-cases-note")),
            ],
        }
    }

    fn read(self, frame: &Frame, hospital: &Hospital, form: &mut Form) -> Option<Command> {
        let choose = frame.t.m("sheet-choose");
        let text = |form: &Form, name: &str| form.value(name).to_owned();
        match self {
            Self::Case => {
                let source = chosen(form, "source", &choose, NonconformitySource::parse);
                let weight = chosen(form, "weight", &choose, Weight::parse);
                let happened = moment(frame, form, "happened");
                let bad = bad_identifier(frame);
                let about =
                    form.read_optional("about", |text| subject(hospital, text).ok_or(()), |()| bad);
                Some(
                    ReportNonconformity {
                        source: source?,
                        weight: weight?,
                        text: text(form, "text"),
                        about,
                        happened: happened?,
                    }
                    .into(),
                )
            }
            Self::Document => {
                let bad = bad_identifier(frame);
                let document = form.read("document", DocumentId::parse, |_| bad);
                let effective = moment(frame, form, "effective");
                let (document, effective) = (document?, effective?);
                let known = hospital.governance.documents.get(&document);
                let newest = known.and_then(|document| document.editions.last());
                let digest = text(form, "digest");
                let readers = READERS
                    .iter()
                    .filter(|(name, _)| form.has(name, "yes"))
                    .map(|(_, role)| *role)
                    .collect();
                Some(
                    PublishDocument {
                        document,
                        edition: newest.map_or(1, |newest| newest.number.saturating_add(1)),
                        title: text(form, "title"),
                        place: text(form, "place"),
                        digest: (!digest.is_empty()).then_some(digest),
                        effective,
                        readers,
                    }
                    .into(),
                )
            }
            Self::Comparison => {
                let versus = chosen(form, "versus", &choose, Versus::parse);
                let scale = chosen(form, "scale", &choose, Scale::parse);
                let list = |text: &str| -> Vec<String> {
                    text.split([',', '，', ';', '；', '\t'])
                        .map(|one| one.trim().to_owned())
                        .collect()
                };
                let rows = text(form, "rows");
                let rows = rows
                    .lines()
                    .filter(|line| !line.trim().is_empty())
                    .map(|line| {
                        let mut cells = list(line).into_iter();
                        Row {
                            sample: cells.next().unwrap_or_default(),
                            results: cells.collect(),
                        }
                    })
                    .collect();
                Some(
                    RecordComparison {
                        versus: versus?,
                        item: text(form, "item"),
                        scale: scale?,
                        parties: list(form.value("parties")),
                        rows,
                    }
                    .into(),
                )
            }
            Self::Competence => {
                let bad = bad_identifier(frame);
                let person = form.read("person", UserId::parse, |_| bad);
                let method = chosen(form, "method", &choose, AssessmentMethod::parse);
                let passed = chosen(form, "passed", &choose, |word| match word {
                    "yes" => Some(true),
                    "no" => Some(false),
                    _ => None,
                });
                let until = moment(frame, form, "until");
                Some(
                    RecordCompetence {
                        person: person?,
                        item: text(form, "item"),
                        method: method?,
                        passed: passed?,
                        until: until?,
                        note: text(form, "note"),
                    }
                    .into(),
                )
            }
            Self::Review => {
                let kind = chosen(form, "kind", &choose, ReviewKind::parse);
                let bad = frame.t.m("review-held-wrong");
                let held = form.read("held", str::parse, |_| bad);
                let bad = bad_identifier(frame);
                let cases = form.read(
                    "cases",
                    |text| {
                        text.split([',', '，', ' ', '；', ';'])
                            .filter(|one| !one.is_empty())
                            .map(str::parse::<NonconformityId>)
                            .collect::<Result<Vec<_>, _>>()
                    },
                    |_| bad,
                );
                Some(
                    RecordReview {
                        kind: kind?,
                        held: held?,
                        scope: text(form, "scope"),
                        conclusion: text(form, "conclusion"),
                        nonconformities: cases?,
                    }
                    .into(),
                )
            }
        }
    }

    fn sheet(self, frame: Frame, hospital: &Hospital, form: Form, answer: Answer) -> Sheet {
        let t = frame.t;
        let word = self.as_str();
        Sheet {
            form,
            title: t.m(&format!("governance-new-{word}")),
            note: t.m(&format!("governance-new-{word}-note")),
            action: format!("/governance/new/{word}"),
            back: "/governance".into(),
            submit: t.m(&format!("governance-new-{word}")),
            strip: None,
            answer,
            inputs: self.inputs(&frame, hospital),
            second: self.signed().then(|| t.m("governance-approve")),
            frame,
        }
    }
}

/// The roles a document can be meant for, and the name of each one's box.
const READERS: [(&str, Role); 6] = [
    ("reader-technologist", Role::Technologist),
    ("reader-senior", Role::Senior),
    ("reader-head", Role::Head),
    ("reader-nurse", Role::Nurse),
    ("reader-clinician", Role::Clinician),
    ("reader-equipment", Role::Equipment),
];

fn chosen<T>(
    form: &mut Form,
    name: &str,
    words: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    form.read(name, |word| parse(word).ok_or(()), |()| words.to_owned())
}

/// The thing an identifier names: as the journal writes it (`unit:…`), or a bag, sample or patient by its barcode.
fn subject(hospital: &Hospital, text: &str) -> Option<Subject> {
    let known = |subject: &Subject| hospital.changed(subject).is_some();
    if let Some(subject) = text.parse::<Subject>().ok().filter(known) {
        return Some(subject);
    }
    [
        "unit", "sample", "patient", "request", "lot", "device", "test",
    ]
    .into_iter()
    .filter_map(|word| format!("{word}:{text}").parse::<Subject>().ok())
    .find(known)
}

/// Everybody who works here, by name.
pub(super) fn people(frame: &Frame, hospital: &Hospital) -> Vec<(String, String)> {
    hospital
        .people
        .values()
        .filter(|person| person.active && !person.roles.contains(&Role::Device))
        .map(|one| {
            let name = crate::pages::timeline::person(frame, hospital, one.id.as_str());
            (one.id.to_string(), name)
        })
        .collect()
}

/// `GET /governance/new/{what}`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(what): Path<String>,
) -> Result<Response, PageError> {
    let what = What::parse(&what)?;
    app.look(&visit, what.needs())?;
    let now = moment_value(&frame, frame.now);
    let today = now.chars().take(10).collect::<String>();
    let values = [
        ("happened", now.as_str()),
        ("effective", now.as_str()),
        ("held", today.as_str()),
    ];
    let form = Form::filled(&frame, Posted::of(values));
    Ok(what
        .sheet(frame, &app.state(), form, Answer::default())
        .show())
}

/// `POST /governance/new/{what}`.
pub(super) async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(what): Path<String>,
    posted: Posted,
) -> Result<Response, PageError> {
    let what = What::parse(&what)?;
    app.look(&visit, what.needs())?;
    let mut form = Form::sent(&frame, posted)?;
    let command = what.read(&frame, &app.state(), &mut form);
    let to = |_: &[_]| "/governance".to_owned();
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(what.sheet(frame, &app.state(), form, answer).show()),
    }
}
