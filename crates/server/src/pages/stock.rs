//! The stock: how much of what there is and how long it lasts, and the list behind every number.

pub(crate) mod donors;
pub(crate) mod search;

use std::collections::BTreeSet;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use lifeline_core::blood::{Abo, Component, LabelGroup, RhD};
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
pub(crate) use lifeline_core::unit::stock::Band;
use lifeline_core::unit::stock::{Count, band, near_span, summary};
use lifeline_core::unit::{Status, Unit};
use serde::Deserialize;

use crate::app::App;
use crate::pages::blood;
use crate::pages::unit::{Row, row};
use crate::web::{Frame, GroupMark, PageError, Pager, Visit, render};

/// Rows of one page of the list.
pub const ROWS: usize = 100;
/// Places offered while typing.
pub const PLACES_MOST: usize = 60;

/// The routes of these pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/stock", get(grid))
        .route("/stock/counts", get(counts))
        .route("/stock/list", get(list))
        .route("/stock/outlook", get(crate::pages::outlook::show))
        .route("/stock/search", get(search::show))
        .route("/stock/donors", get(donors::show).post(donors::file))
}

/// The places where bags are now.
pub fn places(hospital: &Hospital) -> Vec<String> {
    let known: BTreeSet<&str> = hospital
        .units
        .shelf()
        .map(|unit| unit.location.as_str())
        .collect();
    known
        .into_iter()
        .take(PLACES_MOST)
        .map(str::to_owned)
        .collect()
}

/// The groups as columns, the common ones of the country first. Bags whose label states no RhD have their own four.
fn groups() -> impl Iterator<Item = LabelGroup> {
    [Some(RhD::Positive), Some(RhD::Negative), None]
        .into_iter()
        .flat_map(|rhd| Abo::ALL.map(|abo| LabelGroup { abo, rhd }))
}

/// The group in an address: `A+` would be read as a blank, so the RhD is a letter.
fn group_code(group: LabelGroup) -> String {
    let rhd = match group.rhd {
        Some(RhD::Positive) => "p",
        Some(RhD::Negative) => "n",
        Some(RhD::Weak) => "w",
        None => "",
    };
    format!("{}{rhd}", group.abo)
}

/// A small number with its icon beside the large one.
pub(crate) struct Mark {
    pub(crate) name: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) words: &'static str,
    pub(crate) count: usize,
}

/// What is there beside the bags that may be chosen; what is none is left out.
pub(crate) fn marks(count: &Count) -> Vec<Mark> {
    [
        (
            "near",
            "clock",
            "stock-band-near",
            count.in_band(Band::Near),
        ),
        (
            "expired",
            "alert-octagon",
            "stock-band-expired",
            count.in_band(Band::Expired),
        ),
        ("promised", "lock", "stock-promised", count.promised),
        ("held", "shield-lock", "stock-held", count.held),
    ]
    .into_iter()
    .filter(|(_, _, _, count)| *count > 0)
    .map(|(name, icon, words, count)| Mark {
        name,
        icon,
        words,
        count,
    })
    .collect()
}

/// Bags of one component and group.
pub(crate) struct Cell {
    pub(crate) count: Count,
    pub(crate) href: String,
    pub(crate) words: String,
}

/// Bags of one component.
pub(crate) struct Line {
    pub(crate) component: String,
    pub(crate) href: String,
    pub(crate) cells: Vec<Option<Cell>>,
    pub(crate) total: Count,
}

/// The stock by component and group.
pub struct Grid {
    pub(crate) groups: Vec<GroupMark>,
    pub(crate) lines: Vec<Line>,
    pub(crate) total: Count,
    pub(crate) near: String,
}

#[derive(Template)]
#[template(path = "stock/counts.html")]
struct CountsPart {
    grid: Grid,
    frame: Frame,
}

/// The numbers alone, for a page that stays open.
async fn counts(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let grid = grid_of(&frame, &app.state());
    Ok(render(&CountsPart { grid, frame }))
}

#[derive(Template)]
#[template(path = "stock/grid.html")]
struct GridPage {
    grid: Grid,
    may_move: bool,
    frame: Frame,
}

/// The stock of now.
pub fn grid_of(frame: &Frame, hospital: &Hospital) -> Grid {
    let counts = summary(hospital, frame.now);
    let used: Vec<LabelGroup> = groups()
        .filter(|group| group.rhd.is_some() || counts.keys().any(|(_, g)| g == group))
        .collect();
    let lines: Vec<Line> = Component::ALL
        .into_iter()
        .map(|component| line(frame, component, &used, &counts))
        .collect();
    let total = add(counts.values());
    let near = near_span(hospital, frame.now).as_hours();
    let near = if near >= 48 {
        frame.t.a("stock-days", &[("count", &(near / 24))])
    } else {
        frame.t.a("stock-hours", &[("count", &near)])
    };
    Grid {
        groups: used.into_iter().map(GroupMark::from).collect(),
        lines,
        total,
        near,
    }
}

async fn grid(State(app): State<App>, frame: Frame, visit: Visit) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let grid = grid_of(&frame, &app.state());
    let may_move = app.may(&visit, Action::UnitMove);
    Ok(render(&GridPage {
        grid,
        may_move,
        frame,
    }))
}

fn add<'a>(counts: impl Iterator<Item = &'a Count>) -> Count {
    counts.fold(Count::default(), |sum, one| {
        let ([a, b, c], [x, y, z]) = (sum.available, one.available);
        Count {
            available: [a + x, b + y, c + z],
            promised: sum.promised + one.promised,
            held: sum.held + one.held,
        }
    })
}

fn line(
    frame: &Frame,
    component: Component,
    groups: &[LabelGroup],
    counts: &std::collections::BTreeMap<(Component, LabelGroup), Count>,
) -> Line {
    let name = blood::component(frame, component);
    let cells = groups.iter().map(|group| {
        let count = *counts.get(&(component, *group))?;
        Some(Cell {
            count,
            href: format!(
                "/stock/list?component={}&group={}",
                component.as_str(),
                group_code(*group)
            ),
            words: frame.t.a(
                "stock-cell",
                &[
                    ("component", &name),
                    ("group", &GroupMark::from(*group).words(&frame.t)),
                    ("usable", &count.usable()),
                ],
            ),
        })
    });
    Line {
        cells: cells.collect(),
        href: format!("/stock/list?component={}", component.as_str()),
        total: add(counts
            .iter()
            .filter(|((of, _), _)| *of == component)
            .map(|(_, count)| count)),
        component: name,
    }
}

/// The filters, as they stand in the address.
#[derive(Debug, Clone, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    component: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    band: String,
    #[serde(default)]
    page: String,
}

impl Asked {
    /// The same list, another page of it.
    fn href(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("component", &self.component),
            ("group", &self.group),
            ("status", &self.status),
            ("place", &self.place),
            ("band", &self.band),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.append_pair("page", &page.to_string());
        format!("/stock/list?{}", query.finish())
    }

    fn any(&self) -> bool {
        [
            &self.component,
            &self.group,
            &self.status,
            &self.place,
            &self.band,
        ]
        .into_iter()
        .any(|value| !value.is_empty())
    }
}

/// A choice of a filter: code, words, whether it is chosen.
struct Choice {
    code: String,
    words: String,
    chosen: bool,
}

fn choices(chosen: &str, all: impl Iterator<Item = (String, String)>) -> Vec<Choice> {
    all.map(|(code, words)| Choice {
        chosen: code == chosen,
        code,
        words,
    })
    .collect()
}

struct Entry {
    row: Row,
    band: Band,
    holds: String,
}

impl Entry {
    fn band_icon(&self) -> &'static str {
        match self.band {
            Band::Expired => "alert-octagon",
            Band::Near => "clock",
            Band::Fresh => "circle-check",
        }
    }
}

#[derive(Template)]
#[template(path = "stock/list.html")]
struct ListPage {
    components: Vec<Choice>,
    groups: Vec<Choice>,
    statuses: Vec<Choice>,
    places: Vec<Choice>,
    bands: Vec<Choice>,
    filtered: bool,
    entries: Vec<Entry>,
    count: usize,
    pager: Pager,
    may_move: bool,
    frame: Frame,
}

/// Bags in one of our stores, or in one status that was asked for, the first to expire first.
async fn list(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let hospital = app.state();
    let near = near_span(&hospital, frame.now);
    let status = Status::parse(&asked.status);
    let component = Component::parse(&asked.component);
    let wanted = |unit: &Unit| {
        status.is_none_or(|status| unit.status == status)
            && component.is_none_or(|component| unit.component == component)
            && (asked.group.is_empty() || group_code(unit.group) == asked.group)
            && (asked.place.is_empty() || unit.location.as_str() == asked.place)
            && Band::parse(&asked.band).is_none_or(|one| band(unit, frame.now, near) == one)
    };
    // Bags off the shelf are many; they are walked only when a status off the shelf is asked for.
    let mut found: Vec<&Unit> = match status {
        Some(status) if !status.on_shelf() => hospital
            .units
            .iter()
            .map(|unit| &**unit)
            .filter(|unit| wanted(unit))
            .collect(),
        _ => hospital
            .units
            .shelf()
            .map(|unit| &**unit)
            .filter(|unit| wanted(unit))
            .collect(),
    };
    found.sort_by_key(|unit| (unit.expires, unit.id));
    let pages = found.len().div_ceil(ROWS).max(1);
    let page = asked.page.parse::<usize>().unwrap_or(1).clamp(1, pages);
    let entries = found.iter().skip((page - 1) * ROWS).take(ROWS);
    let entries = entries.map(|unit| Entry {
        band: band(unit, frame.now, near),
        holds: unit
            .holds
            .iter()
            .map(|hold| blood::hold(&frame, hold))
            .collect::<Vec<_>>()
            .join(&frame.t.m("list-separator")),
        row: row(&frame, &hospital, unit),
    });
    let turn = |to: usize, there: bool| if there { asked.href(to) } else { String::new() };
    let t = &frame.t;
    let page_of = ListPage {
        components: choices(
            &asked.component,
            Component::ALL
                .into_iter()
                .map(|one| (one.as_str().to_owned(), blood::component(&frame, one))),
        ),
        groups: choices(
            &asked.group,
            groups().map(|group| (group_code(group), GroupMark::from(group).words(t))),
        ),
        statuses: choices(
            &asked.status,
            Status::ALL
                .into_iter()
                .map(|one| (one.as_str().to_owned(), t.m(&one.word()))),
        ),
        places: choices(
            &asked.place,
            places(&hospital).into_iter().map(|one| (one.clone(), one)),
        ),
        bands: choices(
            &asked.band,
            Band::ALL.into_iter().map(|one| {
                (
                    one.as_str().to_owned(),
                    t.m(&format!("stock-band-{}", one.as_str())),
                )
            }),
        ),
        filtered: asked.any(),
        count: found.len(),
        entries: entries.collect(),
        pager: Pager {
            page: page as u64,
            pages: pages as u64,
            previous: turn(page.saturating_sub(1), page > 1),
            next: turn(page + 1, page < pages),
        },
        may_move: app.may(&visit, Action::UnitMove),
        frame: frame.clone(),
    };
    Ok(render(&page_of))
}
