//! Calculators, to be used freely: nothing is recorded, so a result is an address that can be kept and sent.

pub(crate) mod offers;

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;
use lifeline_decisions::calc::{
    self, Calculator, Field, Given, Inputs, Kind, Need, Problem, Value,
};

use super::sheet::answered;
use crate::web::i18n::{Lang, Text};
use crate::web::{Form, Frame, PageError, Posted, Visit, render};

/// The routes of these pages.
pub fn routes() -> Router<crate::app::App> {
    Router::new()
        .route("/clinical/calculators", get(list))
        .route("/clinical/calculators/{name}", get(show))
}

struct Line {
    href: String,
    name: String,
    about: String,
}

struct Group {
    title: String,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "calc/list.html")]
struct ListPage {
    groups: Vec<Group>,
    frame: Frame,
}

/// The calculators as the page sorts them; what is not named here comes last.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "calc-group-red-cells",
        &[
            "rbc_volume_child",
            "whole_blood_volume_child",
            "rbc_units_adult",
            "iron_deficit_ganzoni",
            "allowable_blood_loss",
            "bourke_smith",
            "anh_volume",
        ],
    ),
    (
        "calc-group-platelets-plasma",
        &[
            "platelet_cci",
            "platelet_ppr",
            "platelet_expected_increment",
            "cryo_bags",
            "fibrinogen_concentrate",
            "factor8_dose",
            "plasma_volume",
        ],
    ),
    ("calc-group-bleeding", &["abc_score", "shock_index"]),
    (
        "calc-group-mother",
        &["fmh_volume", "rhig_vials", "anti_d_iu"],
    ),
    (
        "calc-group-exchange",
        &[
            "exchange_red_cell_bags",
            "exchange_partial_sickle",
            "exchange_neonatal_polycythaemia",
            "exchange_neonatal_double",
            "fraction_remaining_exchange",
            "tpe_plasma_bags",
            "tpe_fraction_removed",
        ],
    ),
    ("calc-group-body", &["blood_volume_nadler", "bsa"]),
    (
        "calc-group-laboratory",
        &[
            "fisher_panel",
            "harris_hochman",
            "antigen_negative_screen",
            "antigen_negative_frequency",
            "abo_from_alleles",
        ],
    ),
    (
        "calc-group-stock",
        &[
            "ct_ratio",
            "transfusion_probability",
            "transfusion_index",
            "msbos",
            "inventory_index",
        ],
    ),
];

/// In an address that another page made: what is still missing is no mistake yet.
pub(super) const PREFILLED: &str = "prefilled";

/// Calculators whose name, in either language, or whose name in commands holds a text: name and address.
pub(crate) fn named(frame: &Frame, text: &str) -> Vec<(String, String)> {
    let text = text.trim().to_lowercase();
    if text.chars().count() < 2 {
        return Vec::new();
    }
    let names = GROUPS.iter().flat_map(|(_, names)| names.iter());
    names
        .filter_map(|one| calc::find(one))
        .filter(|calculator| {
            let in_words = Lang::ALL
                .map(Text::new)
                .iter()
                .any(|t| name(t, calculator).to_lowercase().contains(&text));
            in_words || calculator.name.replace('_', " ").contains(&text) || calculator.name == text
        })
        .map(|calculator| {
            let href = format!("/clinical/calculators/{}", calculator.name);
            (name(&frame.t, calculator), href)
        })
        .collect()
}

/// A word as a part of a message key.
fn key(text: &str) -> String {
    text.to_lowercase().replace('_', "-")
}

fn name(t: &Text, calculator: &Calculator) -> String {
    t.m(&format!("calc-{}", key(calculator.name)))
}

/// `GET /clinical/calculators`.
async fn list(frame: Frame, _: Visit) -> Response {
    let t = frame.t;
    let groups = GROUPS
        .iter()
        .map(|(title, names)| Group {
            title: t.m(title),
            lines: names
                .iter()
                .filter_map(|name| calc::find(name))
                .map(|calculator| Line {
                    href: format!("/clinical/calculators/{}", calculator.name),
                    name: name(&t, calculator),
                    about: calculator
                        .variants
                        .first()
                        .map(|variant| variant.formula.to_owned())
                        .unwrap_or_default(),
                })
                .collect(),
        })
        .collect();
    render(&ListPage { groups, frame })
}

struct Row {
    name: &'static str,
    words: String,
    note: String,
    unit: &'static str,
    options: Vec<(String, String)>,
}

struct Found {
    values: Vec<(String, String)>,
    unit: String,
    variant: String,
    formula: &'static str,
    source: &'static str,
    provisional: bool,
    warnings: Vec<String>,
}

#[derive(Template)]
#[template(path = "calc/show.html")]
struct Page {
    title: String,
    href: String,
    rows: Vec<Row>,
    variants: Vec<(String, String)>,
    found: Option<Found>,
    problem: String,
    form: Form,
    frame: Frame,
}

/// A number as people write it: up to four digits after the point, no trailing noughts.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 1_000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 1.0 => 2,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

fn row(frame: &Frame, field: &'static Field) -> Row {
    let t = frame.t;
    let options = match field.kind {
        Kind::Flag => vec![("true".into(), t.m("yes")), ("false".into(), t.m("no"))],
        Kind::Sex => ["female", "male"]
            .map(|sex| (sex.to_owned(), t.m(&format!("sex-{sex}"))))
            .to_vec(),
        _ => Vec::new(),
    };
    let note = match (field.kind, field.need) {
        (_, Need::Default(value)) => t.a("calc-note-default", &[("value", &number(value))]),
        (Kind::Number { least, most }, _) => t.a(
            "calc-note-range",
            &[("least", &number(least)), ("most", &number(most))],
        ),
        (Kind::Haematocrit, _) => t.m("calc-note-haematocrit"),
        (Kind::Share, _) => t.m("calc-note-share"),
        (Kind::Shares, _) => t.m("calc-note-shares"),
        _ => String::new(),
    };
    Row {
        name: field.name,
        words: t.m(&format!("calc-field-{}", key(field.name))),
        note,
        unit: field.unit,
        options,
    }
}

/// Reads what stands in a field; a text that is no number is left to the calculator to refuse.
fn given(kind: Kind, text: &str) -> Given {
    let number = |text: &str| match text.trim().parse::<f64>() {
        Ok(number) => Given::Number(number),
        Err(_) => Given::Word(text.trim().to_owned()),
    };
    match kind {
        Kind::Flag => match text {
            "true" => Given::Flag(true),
            "false" => Given::Flag(false),
            other => Given::Word(other.to_owned()),
        },
        Kind::Sex | Kind::Word => Given::Word(text.to_owned()),
        Kind::Shares => Given::List(
            text.split([' ', ',', '，', '、', ';'])
                .filter(|item| !item.is_empty())
                .map(|item| match item.split_once('=') {
                    Some((antigen, share)) => match share.trim().parse() {
                        Ok(share) => Given::Antigen {
                            antigen: antigen.trim().to_owned(),
                            share,
                        },
                        Err(_) => Given::Word(item.to_owned()),
                    },
                    None => number(item),
                })
                .collect(),
        ),
        _ => number(text),
    }
}

fn problem_words(frame: &Frame, problem: &Problem) -> String {
    let t = frame.t;
    let field = |name: &str| t.m(&format!("calc-field-{}", key(name)));
    match problem {
        Problem::Range {
            least, most, unit, ..
        } => t.a(
            "calc-problem-out-of-range",
            &[
                ("least", &number(*least)),
                ("most", &number(*most)),
                ("unit", unit),
            ],
        ),
        Problem::Contradiction { why, other, .. } => t.a(
            &format!("calc-problem-{}", why.code()),
            &[("other", &other.map(field).unwrap_or_default())],
        ),
        other => t.m(&format!("calc-problem-{}", other.code())),
    }
}

fn found(frame: &Frame, calculator: &Calculator, answer: &calc::Answer) -> Found {
    let t = frame.t;
    Found {
        values: match &answer.value {
            Value::Number(value) => vec![(String::new(), number(*value))],
            Value::Named(values) => values
                .iter()
                .map(|(name, value)| ((*name).to_owned(), number(*value)))
                .collect(),
        },
        unit: unit_words(&t, answer.unit),
        variant: variant_words(&t, calculator, answer.variant),
        formula: answer.formula,
        source: answer.source,
        provisional: answer.provisional,
        warnings: answer
            .warnings
            .iter()
            .map(|warning| t.m(&format!("calc-warning-{warning}")))
            .collect(),
    }
}

/// A unit that is a word gets the language's word; a symbol stands as it is.
fn unit_words(t: &Text, unit: &str) -> String {
    let word = match unit.strip_prefix("vials") {
        Some(_) => "calc-unit-vials".into(),
        None => format!("calc-unit-{}", key(unit).replace(' ', "-")),
    };
    if t.has(&word) {
        t.m(&word)
    } else {
        unit.to_owned()
    }
}

fn variant_words(t: &Text, calculator: &Calculator, variant: &str) -> String {
    let word = format!("calc-{}--{}", key(calculator.name), key(variant));
    if t.has(&word) {
        t.m(&word)
    } else {
        variant.to_owned()
    }
}

/// `GET /clinical/calculators/{name}?variant=&FIELD=`.
async fn show(
    frame: Frame,
    _: Visit,
    Path(asked): Path<String>,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let calculator = calc::find(&asked).ok_or(PageError::NotFound)?;
    let t = frame.t;
    let values: BTreeMap<&str, &str> = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.trim()))
        .collect();
    let mut form = Form::filled(&frame, Posted::of(values.iter().map(|(n, v)| (*n, *v))));
    let typed = values
        .iter()
        .any(|(name, value)| *name != "variant" && *name != PREFILLED && !value.is_empty());
    let prefilled = values.contains_key(PREFILLED);
    let mut result = None;
    let mut problem = String::new();
    if typed {
        let inputs: Inputs = calculator
            .inputs
            .iter()
            .filter_map(|field| {
                let text = values.get(field.name).filter(|text| !text.is_empty())?;
                Some((field.name.to_owned(), given(field.kind, text)))
            })
            .collect();
        let variant = values.get("variant").filter(|name| !name.is_empty());
        match calculator.run(variant.copied(), &inputs) {
            Ok(answer) => result = Some(found(&frame, calculator, &answer)),
            Err(Problem::Missing { .. }) if prefilled => {}
            Err(wrong) => {
                problem = problem_words(&frame, &wrong);
                let field = calculator
                    .inputs
                    .iter()
                    .find(|field| field.name == wrong.field());
                if let Some(field) = field {
                    form.refuse(field.name, std::mem::take(&mut problem));
                }
            }
        }
    }
    let wrong = !problem.is_empty() || !form.is_ok();
    let variants = if calculator.variants.len() > 1 {
        calculator
            .variants
            .iter()
            .map(|variant| {
                let words = variant_words(&t, calculator, variant.name);
                (variant.name.to_owned(), words)
            })
            .collect()
    } else {
        Vec::new()
    };
    let page = render(&Page {
        title: name(&t, calculator),
        href: format!("/clinical/calculators/{}", calculator.name),
        rows: calculator
            .inputs
            .iter()
            .map(|field| row(&frame, field))
            .collect(),
        variants,
        found: result,
        problem,
        form,
        frame,
    });
    Ok(answered(page, wrong))
}
