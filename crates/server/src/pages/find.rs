//! The one field at the top: any scan, any identifier, any name. One hit opens its page, several are listed, none is explained.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use lifeline_core::blood::{Din, UnitId};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{
    CaseId, CrossmatchId, DeliveryId, DeviceId, DiscrepancyId, IssueId, LotId, MessageId,
    NearMissId, NonconformityId, PatientId, PatientNumber, RequestId, RunId, SampleId, ShiftId,
    TestId, UserId, WorkupId,
};
use lifeline_core::patient::Patient;
use lifeline_core::people::Action;
use lifeline_core::policy::Key;
use lifeline_core::subject::{PolicyName, Subject};
use lifeline_wire::isbt128::parse_scan;
use serde::Deserialize;

use crate::app::App;
use crate::pages::{blood, scan};
use crate::web::words::address;
use crate::web::{Frame, PageError, Visit, render};

/// Hits shown.
const HITS_MOST: usize = 50;
/// The longest text that is looked for, in characters; a compound symbol is shorter.
const TEXT_MOST: usize = 512;

/// The route of the search.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/find", get(find))
        .route("/requests/{id}", get(request))
        .route("/crossmatches/{id}", get(crossmatch))
        .route("/issues/{id}", get(issue))
        .route("/lots/{id}", get(lot))
}

/// The page of a request: the department's, or the ward's own for those who do not work there.
async fn request(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Redirect, PageError> {
    let id: RequestId = id.parse().map_err(|_| PageError::NotFound)?;
    app.state().requests.get(id).ok_or(PageError::NotFound)?;
    let room = if app.may(&visit, Action::ViewCrossmatch) {
        "/crossmatch"
    } else {
        "/clinical/requests"
    };
    Ok(Redirect::to(&format!("{room}/{id}")))
}

/// A crossmatch is shown with the request it was made for.
async fn crossmatch(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Redirect, PageError> {
    let id: CrossmatchId = id.parse().map_err(|_| PageError::NotFound)?;
    let found = app.state().crossmatches.get(id).map(|found| found.request);
    let of = found.ok_or(PageError::NotFound)?;
    request(State(app), visit, Path(of.to_string())).await
}

/// A hand-over: at the issue window, or on the ward for those who only receive.
async fn issue(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Redirect, PageError> {
    let id: IssueId = id.parse().map_err(|_| PageError::NotFound)?;
    app.state().issues.get(id).ok_or(PageError::NotFound)?;
    let receives = app.may(&visit, Action::UnitFate) && !app.may(&visit, Action::UnitIssue);
    let room = if receives { "/ward" } else { "/issue" };
    Ok(Redirect::to(&format!("{room}/{id}")))
}

/// Lots stand together on one page; the list opens with this one.
async fn lot(State(app): State<App>, Path(id): Path<String>) -> Result<Redirect, PageError> {
    let id = LotId::parse(&id).map_err(|_| PageError::NotFound)?;
    app.state().lots.get(&id).ok_or(PageError::NotFound)?;
    let query = crate::web::words::encoded(id.as_str());
    Ok(Redirect::to(&format!("/lots/show?lot={query}")))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

struct Hit {
    kind: String,
    name: String,
    more: String,
    href: String,
}

#[derive(Template)]
#[template(path = "find/find.html")]
struct FindPage {
    understood: String,
    hits: Vec<Hit>,
    cut: bool,
    next: String,
    action: (String, String),
    frame: Frame,
}

/// What a text was taken for when nothing was found: its word, and where one goes on.
#[derive(Clone, Copy)]
enum Meaning {
    Unit,
    Donation,
    Symbol(&'static str),
    Text,
}

async fn find(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let hospital = app.state();
    let text: String = asked.q.trim().chars().take(TEXT_MOST).collect();
    let (meaning, mut found) = look(&hospital, &text);
    found.sort();
    found.dedup();
    found.retain(|subject| app.may(&visit, sees(subject)));
    let calculators = super::calculators::named(&frame, &text);
    if let ([], [(_, only)]) = (found.as_slice(), calculators.as_slice()) {
        return Ok(Redirect::to(only).into_response());
    }
    if let ([only], []) = (found.as_slice(), calculators.as_slice()) {
        return Ok(Redirect::to(&address(only)).into_response());
    }
    let t = &frame.t;
    let shown: String = text.chars().take(60).collect();
    let word = match meaning {
        Meaning::Unit => t.m("find-is-unit"),
        Meaning::Donation => t.m("scan-is-din"),
        Meaning::Symbol(key) => t.m(key),
        Meaning::Text => t.m("find-is-text"),
    };
    let understood = if text.is_empty() {
        t.m("find-empty")
    } else {
        t.a("find-understood", &[("text", &shown), ("is", &word)])
    };
    let receive = matches!(meaning, Meaning::Unit | Meaning::Donation);
    let (next, action) = if receive && app.may(&visit, Action::UnitReceive) {
        (
            t.m("find-next-receipt"),
            ("/receipt".to_owned(), t.m("nav-receipt")),
        )
    } else if matches!(meaning, Meaning::Symbol(_)) {
        (t.m("find-next-symbol"), Default::default())
    } else {
        (t.m("find-next-text"), Default::default())
    };
    let page = FindPage {
        understood,
        cut: found.len() > HITS_MOST,
        hits: found
            .iter()
            .take(HITS_MOST)
            .map(|subject| hit(&frame, &hospital, subject))
            .chain(calculators.into_iter().map(|(name, href)| Hit {
                kind: t.m("calc-one"),
                name,
                more: String::new(),
                href,
            }))
            .collect(),
        next,
        action,
        frame: frame.clone(),
    };
    Ok(render(&page))
}

/// Everything a text may mean.
fn look(hospital: &Hospital, text: &str) -> (Meaning, Vec<Subject>) {
    let mut found = Vec::new();
    if text.is_empty() {
        return (Meaning::Text, found);
    }
    // Links of the program itself, written `word:identifier`.
    if let Ok(subject) = text.parse::<Subject>()
        && exists(hospital, &subject)
    {
        return (Meaning::Text, vec![subject]);
    }
    let meaning = label(hospital, text, &mut found);
    if !found.is_empty() {
        return (meaning, found);
    }
    let mut put = |subject: Subject| {
        if exists(hospital, &subject) {
            found.push(subject);
        }
    };
    if let Ok(id) = SampleId::parse(text) {
        put(id.into());
    }
    if let Ok(id) = LotId::parse(text) {
        put(id.into());
    }
    if let Ok(id) = DeviceId::parse(text) {
        put(id.into());
    }
    if let Ok(id) = UserId::parse(text) {
        put(id.into());
    }
    if let Some(key) = Key::parse(text) {
        put(PolicyName(key).into());
    }
    let upper = text.to_ascii_uppercase();
    counted(&upper, PatientId::PREFIX, |id: PatientId| put(id.into()));
    counted(&upper, RequestId::PREFIX, |id: RequestId| put(id.into()));
    counted(&upper, TestId::PREFIX, |id: TestId| put(id.into()));
    counted(&upper, CrossmatchId::PREFIX, |id: CrossmatchId| {
        put(id.into())
    });
    counted(&upper, IssueId::PREFIX, |id: IssueId| put(id.into()));
    counted(&upper, MessageId::PREFIX, |id: MessageId| put(id.into()));
    counted(&upper, RunId::PREFIX, |id: RunId| put(id.into()));
    counted(&upper, CaseId::PREFIX, |id: CaseId| put(id.into()));
    counted(&upper, NearMissId::PREFIX, |id: NearMissId| put(id.into()));
    counted(&upper, DeliveryId::PREFIX, |id: DeliveryId| put(id.into()));
    counted(&upper, ShiftId::PREFIX, |id: ShiftId| put(id.into()));
    counted(&upper, WorkupId::PREFIX, |id: WorkupId| put(id.into()));
    counted(&upper, DiscrepancyId::PREFIX, |id: DiscrepancyId| {
        put(id.into())
    });
    counted(&upper, NonconformityId::PREFIX, |id: NonconformityId| {
        put(id.into())
    });
    if let Ok(number) = PatientNumber::parse(text) {
        if let Some(patient) = hospital.patients.by_number(&number) {
            put(patient.id.into());
        } else {
            let likely = hospital.patients.by_number_prefix(&number);
            found.extend(likely.take(HITS_MOST + 1).map(|one| one.id.into()));
        }
    }
    let named = hospital.patients.by_name(text).take(HITS_MOST + 1);
    found.extend(named.map(|patient| Subject::from(patient.id)));
    let staff = hospital
        .people
        .values()
        .filter(|person| person.name == text || person.latin.eq_ignore_ascii_case(text));
    found.extend(staff.map(|person| Subject::from(person.id.clone())));
    (meaning, found)
}

/// A number of ours with its letter; without it, `12` would be ten things.
fn counted<T: std::str::FromStr>(text: &str, prefix: &str, put: impl FnOnce(T)) {
    if let Some(digits) = text.strip_prefix(prefix)
        && digits.chars().all(|c| c.is_ascii_digit())
        && let Ok(id) = text.parse()
    {
        put(id);
    }
}

/// Label symbols: a bag where donation and product are said, else the donation; and the names bags have on pages.
fn label(hospital: &Hospital, text: &str, found: &mut Vec<Subject>) -> Meaning {
    let unit = |unit: UnitId, found: &mut Vec<Subject>| {
        if hospital.units.get(&unit).is_some() {
            found.push(unit.into());
        } else {
            found.extend(
                hospital
                    .units
                    .of_donation(unit.din)
                    .map(|one| one.id.into()),
            );
        }
        Meaning::Unit
    };
    let donation = |din: Din, found: &mut Vec<Subject>| {
        let mut bags = hospital.units.of_donation(din);
        match (bags.next(), bags.next()) {
            (Some(only), None) => found.push(only.id.into()),
            (Some(_), Some(_)) => found.push(din.into()),
            _ => {}
        }
        Meaning::Donation
    };
    let plain: String = text.chars().filter(|c| *c != ' ').collect();
    if let Ok(id) = plain.parse::<UnitId>() {
        return unit(id, found);
    }
    if let Ok(din) = Din::parse(&plain) {
        return donation(din, found);
    }
    let Ok(symbol) = parse_scan(text) else {
        return Meaning::Text;
    };
    let mut label = scan::Label::default();
    label.take(&symbol);
    match (label.din, label.product) {
        (Some(din), Some(product)) => unit(UnitId::new(din, product), found),
        (Some(din), None) => donation(din, found),
        _ => Meaning::Symbol(scan::kind(&symbol)),
    }
}

fn exists(hospital: &Hospital, subject: &Subject) -> bool {
    match subject {
        Subject::Donation(din) => hospital.units.of_donation(*din).next().is_some(),
        Subject::Policy(_) => true,
        other => hospital.changed(other).is_some(),
    }
}

/// What must be granted to be led to a thing.
fn sees(subject: &Subject) -> Action {
    match subject {
        Subject::Unit(_) | Subject::Donation(_) => Action::ViewStock,
        Subject::Patient(_)
        | Subject::Sample(_)
        | Subject::Test(_)
        | Subject::Measurement(_)
        | Subject::Discrepancy(_)
        | Subject::Lot(_)
        | Subject::Workup(_) => Action::ViewPatient,
        Subject::Request(_) | Subject::Crossmatch(_) | Subject::Issue(_) => Action::ViewRequest,
        Subject::Device(_) | Subject::Message(_) => Action::ViewDevice,
        Subject::Programme(_) | Subject::Round(_) => Action::ViewAssessment,
        Subject::Document(_)
        | Subject::Nonconformity(_)
        | Subject::Review(_)
        | Subject::Comparison(_) => Action::ViewGovernance,
        Subject::User(_) => Action::ViewPeople,
        Subject::NearMiss(_) => Action::NearMissReport,
        Subject::Delivery(_) => Action::ViewStock,
        Subject::Shift(_) => Action::ViewCrossmatch,
        Subject::Policy(_) | Subject::Proposal(_) => Action::ViewPolicy,
        Subject::Control(_) | Subject::Run(_) | Subject::Case(_) => Action::ViewQuality,
    }
}

fn hit(frame: &Frame, hospital: &Hospital, subject: &Subject) -> Hit {
    let more = match subject {
        Subject::Unit(id) => hospital.units.get(id).map(|unit| {
            format!(
                "{} · {} · {}",
                blood::product(frame, hospital, unit.id.product),
                crate::web::GroupMark::from(unit.group).words(&frame.t),
                blood::status(frame, unit.status).1
            )
        }),
        Subject::Patient(id) => hospital.patients.get(*id).map(|found| patient(found)),
        Subject::Sample(id) => hospital
            .samples
            .get(id)
            .and_then(|sample| hospital.patients.get(sample.patient))
            .map(|found| patient(found)),
        Subject::User(id) => hospital.people.get(id).map(|person| person.name.clone()),
        Subject::Device(id) => hospital.devices.all.get(id).map(|found| found.name.clone()),
        Subject::Lot(id) => hospital.lots.get(id).map(|lot| lot.name.clone()),
        _ => None,
    };
    Hit {
        kind: frame.t.m(&format!("subject-{}", subject.word())),
        name: super::alarms::named(frame, hospital, subject),
        more: more.unwrap_or_default(),
        href: address(subject),
    }
}

fn patient(patient: &Patient) -> String {
    let numbers: Vec<&str> = patient.numbers.keys().map(PatientNumber::as_str).collect();
    format!("{} {}", patient.demographics.name, numbers.join(" "))
}
