//! Calculators where the work happens: filled in with what the hospital knows, and computed where that is enough.

use std::collections::BTreeSet;

use lifeline_core::blood::{Component, RhD};
use lifeline_core::hospital::Hospital;
use lifeline_core::patient::{Record, Sex};
use lifeline_core::request::Request;
use lifeline_decisions::calc::{self, Inputs};

use super::{PREFILLED, found, given, name};
use crate::web::Frame;

/// A calculator offered on another page.
pub struct Offer {
    /// Its name in the page's language.
    pub name: String,
    /// The calculator, filled in.
    pub href: String,
    /// The result with its unit; empty where something is still to be filled in.
    pub result: String,
    /// What to bear in mind.
    pub warnings: Vec<String>,
    /// The formula.
    pub formula: &'static str,
    /// Where it comes from.
    pub source: &'static str,
}

/// A calculator with what is known; none of that name gives none.
pub fn offer(frame: &Frame, calculator: &str, known: &[(&str, String)]) -> Option<Offer> {
    let calculator = calc::find(calculator)?;
    let known: Vec<(&str, &str)> = known
        .iter()
        .map(|(field, value)| (*field, value.as_str()))
        .filter(|(field, value)| {
            !value.is_empty() && calculator.inputs.iter().any(|input| input.name == *field)
        })
        .collect();
    let inputs: Inputs = known
        .iter()
        .filter_map(|(field, value)| {
            let input = calculator
                .inputs
                .iter()
                .find(|input| input.name == *field)?;
            Some(((*field).to_owned(), given(input.kind, value)))
        })
        .collect();
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(&known);
    query.append_pair(PREFILLED, "1");
    let variant = calculator.variants.first()?;
    let mut offer = Offer {
        name: name(&frame.t, calculator),
        href: format!(
            "/clinical/calculators/{}?{}",
            calculator.name,
            query.finish()
        ),
        result: String::new(),
        warnings: Vec::new(),
        formula: variant.formula,
        source: variant.source,
    };
    if let Ok(answer) = calculator.run(None, &inputs) {
        let shown = found(frame, calculator, &answer);
        let values: Vec<String> = shown.values.into_iter().map(|(_, value)| value).collect();
        offer.result = format!("{} {}", values.join(" / "), shown.unit);
        offer.warnings = shown.warnings;
        offer.formula = shown.formula;
        offer.source = shown.source;
    }
    Some(offer)
}

/// What is known of a person that a formula may ask for.
fn person(frame: &Frame, hospital: &Hospital, record: &Record<'_>) -> Vec<(&'static str, String)> {
    let _ = (frame, hospital);
    let sex = record.standing().demographics.sex;
    match sex {
        Sex::Female | Sex::Male => vec![("sex", sex.as_str().to_owned())],
        Sex::Unknown => Vec::new(),
    }
}

/// Whether anti-D may have to be prevented: a woman who is treated as RhD negative and may bear a child.
fn may_need_anti_d(frame: &Frame, hospital: &Hospital, record: &Record<'_>) -> bool {
    let negative = record
        .group(frame.now)
        .group()
        .is_some_and(|group| record.transfuse_as(group, frame.now).rhd == RhD::Negative);
    let limit = hospital
        .policies
        .count(lifeline_core::policy::Key::ChildBearingYears, frame.now)
        .unwrap_or(50);
    let patient = record.standing();
    let young = patient
        .years_on(hospital.today(frame.now))
        .is_none_or(|age| i64::from(age) < limit);
    negative && young && patient.demographics.sex != Sex::Male && !record.has_anti_d()
}

const ANTI_D: [&str; 3] = ["fmh_volume", "rhig_vials", "anti_d_iu"];

/// A person's age as formulas part people: newborn, child, adult.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Age {
    Newborn,
    Child,
    Adult,
}

/// Years at which a person is given adults' doses.
const ADULT_YEARS: i16 = 14;
/// Days after which a person is a newborn no more.
const NEWBORN_DAYS: i32 = 28;

fn age(frame: &Frame, hospital: &Hospital, record: &Record<'_>) -> Age {
    let patient = record.standing();
    let today = hospital.today(frame.now);
    let days = patient
        .demographics
        .birth
        .map(|birth| (today - birth).get_days());
    if days.is_some_and(|days| days <= NEWBORN_DAYS) && patient.years_on(today) == Some(0) {
        Age::Newborn
    } else if patient.years_on(today).is_some_and(|age| age < ADULT_YEARS) {
        Age::Child
    } else {
        Age::Adult
    }
}

/// The newest value of a laboratory test in a person's requests.
fn newest_lab(hospital: &Hospital, record: &Record<'_>, lab: &str) -> Option<String> {
    record
        .parts()
        .flat_map(|part| hospital.requests.of_patient(part.id))
        .filter_map(|request| {
            let value = request
                .order
                .labs
                .get(lab)
                .filter(|value| !value.is_empty())?;
            Some((request.placed.seq, value.clone()))
        })
        .max()
        .map(|(_, value)| value)
}

/// Plasma volumes of one session, where nothing else is said.
const EXCHANGED: &str = "1";
const PLASMA_EXCHANGE: [&str; 3] = ["tpe_plasma_bags", "plasma_volume", "tpe_fraction_removed"];
const RED_CELL_EXCHANGE: [&str; 3] = [
    "exchange_red_cell_bags",
    "exchange_partial_sickle",
    "fraction_remaining_exchange",
];

/// What an exchange is reckoned with: how many bags, what volume, how much of the patient's own is left.
fn therapy(indication: &str) -> &'static [&'static str] {
    match indication {
        "plasma_exchange" => &PLASMA_EXCHANGE,
        "red_cell_exchange" => &RED_CELL_EXCHANGE,
        _ => &[],
    }
}

/// What a bag of a component on the shelf usually holds, in mL: the middle one.
fn usual_volume(hospital: &Hospital, component: Component) -> Option<u32> {
    let shelf = hospital.units.shelf();
    let mut volumes: Vec<u32> = shelf
        .filter(|unit| unit.component == component)
        .map(|unit| unit.volume.0)
        .filter(|volume| *volume > 0)
        .collect();
    volumes.sort_unstable();
    volumes.get(volumes.len() / 2).copied()
}

/// What helps with a request: by component, by what the ward said, by who the patient is.
pub fn for_request(frame: &Frame, hospital: &Hospital, request: &Request) -> Vec<Offer> {
    let order = &request.order;
    let Some(record) = hospital.record_of(request.patient) else {
        return Vec::new();
    };
    let mut known = person(frame, hospital, &record);
    let lab = |code: &str| order.labs.get(code).cloned().unwrap_or_default();
    for (field, code) in [
        ("hb_actual_g_l", "hb_g_l"),
        ("weight_kg", "weight_kg"),
        ("hct", "hct_percent"),
        ("hct_i", "hct_percent"),
        ("hct_obs", "hct_percent"),
    ] {
        known.push((field, lab(code)));
    }
    if let Some(volume) = usual_volume(hospital, order.component) {
        known.push(("ml_per_bag", volume.to_string()));
    }
    known.push(("pre_1e9_l", lab("plt_1e9_l")));
    // 1 g/L is 100 mg/dL.
    if let Ok(fibrinogen) = lab("fib_g_l").parse::<f64>() {
        known.push(("fib_now_mg_dl", format!("{:.0}", fibrinogen * 100.0)));
    }
    let age = age(frame, hospital, &record);
    let mut wanted: Vec<&str> = match order.component {
        Component::RedCells | Component::WholeBlood => match age {
            Age::Newborn => vec![
                "rbc_volume_child",
                "exchange_neonatal_double",
                "exchange_neonatal_polycythaemia",
            ],
            Age::Child => vec!["rbc_volume_child", "iron_deficit_ganzoni"],
            Age::Adult => vec![
                "rbc_units_adult",
                "iron_deficit_ganzoni",
                "blood_volume_nadler",
            ],
        },
        Component::Platelets | Component::Granulocytes => {
            vec!["platelet_expected_increment", "platelet_cci", "bsa"]
        }
        Component::Plasma => vec!["plasma_volume", "tpe_fraction_removed", "factor8_dose"],
        Component::Cryo => vec!["cryo_bags", "fibrinogen_concentrate"],
    };
    let indication = order.indication.as_deref().unwrap_or_default();
    let exchange = therapy(indication);
    wanted.splice(0..0, exchange.iter().copied());
    if !exchange.is_empty() {
        known.push(("plasma_volumes", EXCHANGED.to_owned()));
    }
    if order.component.carries_red_cells() {
        if indication == "surgery" {
            wanted.push("allowable_blood_loss");
        }
        if lifeline_decisions::proposal::kind_by_diagnosis(hospital, request, frame.now).as_deref()
            == Some("scd")
        {
            wanted.extend(RED_CELL_EXCHANGE);
        }
    }
    if may_need_anti_d(frame, hospital, &record) {
        wanted.extend(ANTI_D);
    }
    let mut once = BTreeSet::new();
    wanted.retain(|name| once.insert(*name));
    let offers = wanted
        .into_iter()
        .filter_map(|name| offer(frame, name, &known));
    offers.collect()
}

/// What helps with a patient, whatever was asked for.
pub fn for_patient(frame: &Frame, hospital: &Hospital, record: &Record<'_>) -> Vec<Offer> {
    let mut known = person(frame, hospital, record);
    let haemoglobin = newest_lab(hospital, record, "hb_g_l");
    let platelets = newest_lab(hospital, record, "plt_1e9_l");
    let mut wanted = Vec::new();
    if let Some(value) = haemoglobin {
        known.push(("hb_actual_g_l", value));
        wanted.push("iron_deficit_ganzoni");
    }
    if let Some(value) = platelets {
        known.push(("pre_1e9_l", value));
        wanted.push("platelet_cci");
    }
    if may_need_anti_d(frame, hospital, record) {
        wanted.extend(ANTI_D);
    }
    let offers = wanted
        .into_iter()
        .filter_map(|name| offer(frame, name, &known));
    offers.collect()
}
