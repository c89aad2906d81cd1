//! Blood without certain antigens: on the shelf, among registered donors, and how many donors to screen where there is none.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use lifeline_core::blood::{Antigen, BloodGroup, Component};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::RequestId;
use lifeline_core::identification::RareDonor;
use lifeline_core::patient::{NeedKind, Specificity};
use lifeline_core::people::Action;
use lifeline_core::request::Request;
use lifeline_decisions::frequency::{chance, screen_expected, screen_for};
use lifeline_decisions::search::{Catalogue, Shares, Wanted, given_to, shelf};
use serde::Deserialize;

use crate::app::App;
use crate::pages::parts::crossmatch_address;
use crate::pages::sheet::answered;
use crate::pages::unit::{Row, row};
use crate::web::{Form, Frame, GroupMark, PageError, Posted, Room, Visit, render};

/// Rows of each list.
const ROWS_MOST: usize = 40;
/// The chance the screening number stands for.
const CONFIDENCE: f64 = 0.95;
/// Bags or donors wanted at most.
const UNITS_MOST: u32 = 100;

#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    antigens: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    component: String,
    #[serde(default)]
    units: String,
    #[serde(default)]
    request: String,
}

/// A bag that may be tried.
struct Bag {
    bag: Row,
    /// What it still has to be typed for, with the chance; empty for one that is typed.
    open: String,
    type_href: String,
}

/// A donor of the registry.
struct Donor {
    donor: String,
    group: GroupMark,
    chance: String,
    note: String,
}

#[derive(Default)]
struct Found {
    looked: usize,
    certain: Vec<Bag>,
    certain_count: usize,
    open: Vec<Bag>,
    donors: Vec<Donor>,
    donors_count: usize,
    registry: String,
    /// System, antigens, share and how it was come by.
    shares: Vec<(String, String, String, String)>,
    share: String,
    missing: String,
    screening: Vec<String>,
}

#[derive(Template)]
#[template(path = "stock/search.html")]
struct Page {
    components: Vec<(String, String)>,
    groups: Vec<(String, String)>,
    request: String,
    request_href: String,
    failed: String,
    found: Option<Found>,
    may_type: bool,
    form: Form,
    frame: Frame,
}

/// Antigens a patient's bags must lack: against which there are significant antibodies, and what was raised as a need.
fn must_lack(hospital: &Hospital, request: &Request, frame: &Frame) -> BTreeSet<Antigen> {
    let Some(record) = hospital.record_of(request.patient) else {
        return BTreeSet::new();
    };
    let antibodies = record.antibodies().filter(|antibody| antibody.significant);
    let against = antibodies.filter_map(|antibody| match antibody.specificity {
        Specificity::Antigen(antigen) => Some(antigen),
        Specificity::Other(_) => None,
    });
    let mut lacks: BTreeSet<Antigen> = against.collect();
    lacks.extend(record.needs(frame.now).filter_map(|need| match need.kind {
        NeedKind::Lacks(antigen) => Some(antigen),
        NeedKind::Attribute(_) => None,
    }));
    // D is asked for by the group.
    lacks.remove(&Antigen::D);
    lacks
}

/// Fills the form from a request where nothing else was asked.
fn from_request(frame: &Frame, hospital: &Hospital, asked: &mut Asked) -> Option<RequestId> {
    let id: RequestId = asked.request.parse().ok()?;
    let request = hospital.requests.get(id)?;
    if asked.antigens.is_empty() {
        let names: Vec<&str> = must_lack(hospital, request, frame)
            .into_iter()
            .map(Antigen::name)
            .collect();
        asked.antigens = names.join(" ");
    }
    if asked.group.is_empty()
        && let Some(record) = hospital.record_of(request.patient)
        && let Some(group) = record.group(frame.now).group()
    {
        asked.group = record.transfuse_as(group, frame.now).to_string();
    }
    if asked.component.is_empty() {
        asked.component = request.order.component.as_str().into();
    }
    Some(id)
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        many if many >= 10.0 => format!("{many:.0} %"),
        some if some >= 0.1 => format!("{some:.2} %"),
        few => format!("{few:.5} %"),
    }
}

/// `GET /stock/search?antigens=&group=&component=&units=&request=`.
pub(crate) async fn show(
    State(app): State<App>,
    mut frame: Frame,
    visit: Visit,
    Query(mut asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    frame.room = Some(Room::Stock);
    let hospital = app.state();
    let request = from_request(&frame, &hospital, &mut asked);
    let component = Component::parse(&asked.component).unwrap_or(Component::RedCells);
    if asked.units.is_empty() {
        asked.units = "2".into();
    }
    let mut form = Form::filled(
        &frame,
        Posted::of([
            ("antigens", asked.antigens.as_str()),
            ("group", asked.group.as_str()),
            ("component", component.as_str()),
            ("units", asked.units.as_str()),
            ("request", asked.request.as_str()),
        ]),
    );
    let wanted = crate::pages::unit::names(&frame, &mut form, "antigens", Antigen::parse);
    let recipient = match asked.group.as_str() {
        "" => None,
        text => {
            let wrong = frame.t.m("sheet-choose");
            form.read("group", |_| BloodGroup::parse(text), |_| wrong)
        }
    };
    let units = form.read(
        "units",
        |text| {
            let number = text.parse::<u32>().ok();
            number
                .filter(|number| (1..=UNITS_MOST).contains(number))
                .ok_or(())
        },
        |()| frame.t.m("request-number"),
    );
    let mut failed = String::new();
    let mut found = None;
    if let (Some(negative), Some(units), true) = (wanted, units, form.is_ok())
        && !negative.is_empty()
    {
        match Shares::in_force(&hospital, frame.now) {
            Ok(shares) => {
                let wanted = Wanted {
                    component,
                    negative: negative.into_iter().collect(),
                    recipient,
                };
                found = Some(look(&frame, &hospital, &wanted, &shares, units));
            }
            Err(error) => {
                tracing::warn!(%error, "no antigen search");
                failed = frame.t.a("proposal-failed", &[("why", &error.to_string())]);
            }
        }
    }
    let wrong = !form.is_ok();
    let page = render(&Page {
        components: Component::ALL
            .iter()
            .map(|one| {
                (
                    one.as_str().to_owned(),
                    crate::pages::blood::component(&frame, *one),
                )
            })
            .collect(),
        groups: groups(&frame),
        request: request.map(|id| id.to_string()).unwrap_or_default(),
        request_href: request.map(crossmatch_address).unwrap_or_default(),
        failed,
        found,
        may_type: app.may(&visit, Action::TestRecord),
        form,
        frame,
    });
    Ok(answered(page, wrong))
}

/// The eight groups as choices.
pub(crate) fn groups(frame: &Frame) -> Vec<(String, String)> {
    ["O+", "A+", "B+", "AB+", "O-", "A-", "B-", "AB-"]
        .into_iter()
        .filter_map(|text| {
            let group = BloodGroup::parse(text).ok()?;
            Some((text.to_owned(), GroupMark::from(group).words(&frame.t)))
        })
        .collect()
}

fn donor(one: &RareDonor, chance: String) -> Donor {
    Donor {
        donor: one.donor.clone(),
        group: GroupMark::from(BloodGroup::new(one.abo, one.rhd)),
        chance,
        note: one.note.clone(),
    }
}

fn look(frame: &Frame, hospital: &Hospital, wanted: &Wanted, shares: &Shares, units: u32) -> Found {
    let t = frame.t;
    let list = |antigens: &[Antigen]| {
        let names: Vec<&str> = antigens.iter().map(|antigen| antigen.name()).collect();
        names.join(" ")
    };
    let there = shelf(hospital, wanted, shares, frame.now);
    let bag = |unit: &lifeline_core::blood::UnitId, open: String| {
        Some(Bag {
            bag: row(frame, hospital, hospital.units.get(unit)?),
            type_href: format!("/units/{unit}/type"),
            open,
        })
    };
    let mut found = Found {
        looked: there.looked,
        certain_count: there.certain.len(),
        certain: there
            .certain
            .iter()
            .take(ROWS_MOST)
            .filter_map(|unit| bag(unit, String::new()))
            .collect(),
        open: there
            .open
            .iter()
            .take(ROWS_MOST)
            .filter_map(|one| {
                let chance = one.chance.map_or_else(|| "–".into(), percent);
                let untyped = list(&one.untyped);
                let words = t.a(
                    "search-open-bag",
                    &[("antigens", &untyped), ("chance", &chance)],
                );
                bag(&one.unit, words)
            })
            .collect(),
        ..Found::default()
    };
    if let Some(registry) = hospital.identifications.registry() {
        let catalogue = Catalogue::of(&registry.donors);
        let types = wanted.recipient.map_or(0, given_to);
        let (rows, count) = catalogue.certain(&wanted.negative, types, ROWS_MOST);
        found.donors_count = count;
        let sure = rows.into_iter().filter_map(|row| {
            Some(donor(
                registry.donors.get(row as usize)?,
                t.m("search-typed"),
            ))
        });
        found.donors = sure.collect();
        let open = catalogue.open(
            &wanted.negative,
            types,
            shares,
            ROWS_MOST - found.donors.len(),
        );
        found.donors.extend(open.into_iter().filter_map(|hit| {
            let chance = t.a("search-chance", &[("chance", &percent(hit.chance))]);
            Some(donor(registry.donors.get(hit.row as usize)?, chance))
        }));
        found.registry = t.a(
            "search-registry",
            &[
                ("source", &registry.source),
                ("count", &registry.donors.len()),
            ],
        );
    }
    match shares.negative(&wanted.negative) {
        Ok(parts) => {
            let share: f64 = parts.iter().map(|part| part.share).product();
            found.share = percent(share);
            found.shares = parts
                .iter()
                .map(|part| {
                    (
                        format!("{:?}", part.system),
                        list(&part.antigens),
                        percent(part.share),
                        t.m(&format!("search-by-{}", part.by.as_str())),
                    )
                })
                .collect();
            found.screening = screening(frame, share, units);
        }
        Err(unknown) => {
            found.missing = t.a("search-no-share", &[("antigens", &list(&unknown))]);
        }
    }
    found
}

/// How many donors to screen: by expectation, which fails nearly every second time, and for a chance of 95 %.
fn screening(frame: &Frame, share: f64, units: u32) -> Vec<String> {
    let t = frame.t;
    let mut lines = Vec::new();
    if let Some(donors) = screen_expected(units, share) {
        let sure = format!("{:.0}", chance(units, share, donors) * 100.0);
        lines.push(t.a(
            "search-screen-expected",
            &[("units", &units), ("donors", &donors), ("chance", &sure)],
        ));
    }
    lines.push(match screen_for(units, share, CONFIDENCE) {
        Some(donors) => t.a(
            "search-screen-sure",
            &[
                ("units", &units),
                ("donors", &donors),
                ("chance", &format!("{:.0}", CONFIDENCE * 100.0)),
            ],
        ),
        None => t.m("search-screen-never"),
    });
    lines
}
