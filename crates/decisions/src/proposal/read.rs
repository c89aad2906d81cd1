use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeline_core::blood::{
    Abo, Antigen, AntigenProfile, Attribute, Attributes, Component, RhD, Typing, UnitId,
};
use lifeline_core::crossmatch::Outcome;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{PatientId, RequestId};
use lifeline_core::issue::Fate;
use lifeline_core::patient::{LinkKind, NeedKind, Record, Sex, Specificity};
use lifeline_core::policy::Key;
use lifeline_core::request::Request;
use lifeline_core::unit::{Status, Unit};

use super::{ProposalError, Unplanned};
use crate::matching::{self, Group, Instance, Parameters, Phenotype, exposure};
use crate::tables::{TableError, by_name, lines, numbers};

/// What the hospital's facts make.
pub(super) struct Read {
    pub instance: Instance,
    pub units: Vec<UnitId>,
    pub requests: Vec<RequestId>,
    pub unplanned: Vec<(RequestId, Unplanned)>,
    pub incidence: BTreeMap<String, Vec<f64>>,
    /// By request and antigen: antigen-positive bags the patient has had, bags not typed by their chance.
    pub exposure: Vec<Vec<f64>>,
}

/// Bags a request may want at most in one plan.
const WANTED_MOST: u32 = 20;
const SECONDS_A_DAY: i64 = 86_400;

/// A and B, then the antigens known by name.
fn names() -> Vec<String> {
    let named = Antigen::ALL.iter().map(|antigen| antigen.name());
    ["A", "B"]
        .into_iter()
        .chain(named)
        .map(str::to_owned)
        .collect()
}

fn bit(antigen: Antigen) -> u64 {
    let place = Antigen::ALL.iter().position(|known| *known == antigen);
    place.map_or(0, |place| 1 << (place + 2))
}

fn phenotype(abo: Abo, rhd: Option<RhD>, antigens: &AntigenProfile) -> Phenotype {
    let mut found = Phenotype::default();
    let mut set = |bit: u64, present: bool| {
        if present {
            found.positive |= bit;
        } else {
            found.negative |= bit;
        }
    };
    set(1, matches!(abo, Abo::A | Abo::Ab));
    set(2, matches!(abo, Abo::B | Abo::Ab));
    for (antigen, typing) in antigens.typed() {
        if antigen != Antigen::D {
            set(bit(antigen), typing == Typing::Positive);
        }
    }
    // Nobody lacks both of a pair, but for a few in a million: such a row was misread or is for a specialist, and counts as
    // not typed, so that one bag does not end the plan for everybody.
    for (one, other) in [
        (Antigen::BigC, Antigen::LittleC),
        (Antigen::BigE, Antigen::LittleE),
        (Antigen::BigK, Antigen::LittleK),
    ] {
        let pair = bit(one) | bit(other);
        if found.negative & pair == pair {
            found.negative &= !pair;
        }
    }
    let mut set = |bit: u64, present: bool| {
        if present {
            found.positive |= bit;
        } else {
            found.negative |= bit;
        }
    };
    // Weak and unstated stay unknown: such a bag suits D positive patients only, such a patient gets D negative bags only.
    match rhd {
        Some(RhD::Positive) => set(bit(Antigen::D), true),
        Some(RhD::Negative) => set(bit(Antigen::D), false),
        Some(RhD::Weak) | None => {}
    }
    found
}

fn attribute_bits(attributes: Attributes) -> u32 {
    attributes
        .iter()
        .map(attribute_bit)
        .fold(0, |all, bit| all | bit)
}

fn attribute_bit(attribute: Attribute) -> u32 {
    let place = Attribute::ALL.iter().position(|known| *known == attribute);
    place.map_or(0, |place| 1 << place)
}

fn days(seconds: i64) -> u32 {
    u32::try_from(seconds.div_euclid(SECONDS_A_DAY)).unwrap_or(0)
}

struct Tables {
    weights: Vec<f64>,
    shares: Vec<f64>,
    usability: [f64; 8],
    kinds: Vec<Group>,
    factors: Vec<f64>,
    incidence: BTreeMap<String, Vec<f64>>,
    mismatch: f64,
    usability_weight: f64,
    halving_days: f64,
}

fn tables(hospital: &Hospital, at: Timestamp) -> Result<Tables, TableError> {
    let population = lines(hospital, Key::MatchingPopulation, at)?
        .first()
        .ok_or_else(|| TableError::missing(Key::MatchingPopulation))?;
    let names = names();
    let weight_of = by_name(
        hospital,
        Key::MatchingWeights,
        at,
        Some(population),
        0.0..=100.0,
    )?;
    let share_of = by_name(
        hospital,
        Key::MatchingShares,
        at,
        Some(population),
        0.0..=1.0,
    )?;
    if weight_of.is_empty() {
        return Err(TableError::wrong(Key::MatchingPopulation, population));
    }
    if let Some(unknown) = weight_of.keys().find(|name| !names.contains(name)) {
        return Err(TableError::wrong(Key::MatchingWeights, unknown));
    }
    let list = |table: &BTreeMap<String, f64>, otherwise: f64| -> Vec<f64> {
        names
            .iter()
            .map(|name| table.get(name).copied().unwrap_or(otherwise))
            .collect()
    };
    let mut groups: Vec<(u8, f64)> = Vec::new();
    for abo in Abo::ALL {
        for (rhd, sign) in [(1u8, '+'), (0, '-')] {
            let a = u8::from(matches!(abo, Abo::A | Abo::Ab));
            let b = u8::from(matches!(abo, Abo::B | Abo::Ab));
            let name = format!("group {}{sign}", abo.as_str());
            let share = share_of.get(&name).copied();
            let share = share.ok_or_else(|| TableError::wrong(Key::MatchingShares, &name))?;
            groups.push((a << 2 | b << 1 | rhd, share));
        }
    }
    // The share of people who carry every antigen of A, B and D that the bag carries.
    let mut usability = [0.0; 8];
    for (slot, bag) in usability.iter_mut().zip(0u8..) {
        let who = groups.iter().filter(|(person, _)| bag & !person == 0);
        *slot = who.map(|(_, share)| share).sum::<f64>().min(1.0);
    }
    let weights = list(&weight_of, 0.0);
    let (kinds, factors) = kinds(hospital, at, &names, &weights)?;
    let mut incidence = BTreeMap::new();
    for line in lines(hospital, Key::MatchingIncidence, at)? {
        let (name, curve) = numbers(Key::MatchingIncidence, line, 0.0..=1.0)?;
        incidence.insert(name.to_owned(), curve);
    }
    let number_of = by_name(hospital, Key::MatchingNumbers, at, None, 0.0..=1000.0)?;
    let number = |name: &str| {
        number_of
            .get(name)
            .copied()
            .ok_or_else(|| TableError::wrong(Key::MatchingNumbers, name))
    };
    Ok(Tables {
        mismatch: number("mismatch")?,
        usability_weight: number("usability")?,
        halving_days: number("halving_days")?,
        shares: list(&share_of, 0.5),
        weights,
        usability,
        kinds,
        factors,
        incidence,
    })
}

/// The kinds that facts of the record tell; every one must have a factor. Others are told by the diagnosis.
const KINDS: [&str; 3] = ["other", "child_bearing", "immunised"];

/// Kinds told by a word in the diagnosis, in the order of the policy: `thalassaemia diagnosis=地中海贫血 thalass`.
fn diagnosed(hospital: &Hospital, at: Timestamp) -> Result<Vec<(String, Vec<String>)>, TableError> {
    let lines = lines(hospital, Key::MatchingKinds, at)?;
    let told = lines.iter().filter_map(|line| {
        let (head, words) = line.split_once('=')?;
        let (kind, "diagnosis") = head.split_once(' ')? else {
            return None;
        };
        let words = words.split_whitespace().map(str::to_lowercase).collect();
        Some((kind.to_owned(), words))
    });
    Ok(told.collect())
}

/// The kind of patient that the diagnosis of a request or of the record tells; `None` for an ordinary one.
pub fn kind_by_diagnosis(hospital: &Hospital, request: &Request, at: Timestamp) -> Option<String> {
    let record = hospital.record_of(request.patient)?;
    let stated = record.standing().demographics.diagnosis.as_deref();
    let text = format!("{} {}", request.order.diagnosis, stated.unwrap_or_default());
    let text = text.to_lowercase();
    diagnosed(hospital, at)
        .ok()?
        .into_iter()
        .find(|(_, words)| words.iter().any(|word| text.contains(word.as_str())))
        .map(|(kind, _)| kind)
}

fn kinds(
    hospital: &Hospital,
    at: Timestamp,
    names: &[String],
    weights: &[f64],
) -> Result<(Vec<Group>, Vec<f64>), TableError> {
    let key = Key::MatchingKinds;
    let told = diagnosed(hospital, at)?;
    let named: Vec<&str> = KINDS
        .into_iter()
        .chain(told.iter().map(|(kind, _)| kind.as_str()))
        .collect();
    let mut groups = Vec::new();
    let mut factors = Vec::new();
    for kind in named.iter().copied() {
        let mut mandatory = 0b11 | bit(Antigen::D);
        let mut factor = None;
        for line in lines(hospital, key, at)? {
            let wrong = || TableError::wrong(key, line);
            let (head, values) = line.split_once('=').ok_or_else(wrong)?;
            match head.split_once(' ') {
                Some((of, "factor")) if of == kind => {
                    let value: f64 = values.trim().parse().map_err(|_| wrong())?;
                    factor = Some(value).filter(|value| (0.0..=1000.0).contains(value));
                }
                Some((of, "mandatory")) if of == kind => {
                    for name in values.split_whitespace() {
                        mandatory |= bit(Antigen::parse(name).ok_or_else(wrong)?);
                    }
                }
                Some((of, "factor" | "mandatory" | "diagnosis")) if named.contains(&of) => {}
                _ => return Err(wrong()),
            }
        }
        let factor = factor.ok_or_else(|| TableError::wrong(key, kind))?;
        let soft = names.iter().zip(weights).enumerate();
        groups.push(Group {
            name: kind.into(),
            mandatory,
            weights: soft
                .map(|(place, (_, weight))| match mandatory >> place & 1 {
                    1 => 0.0,
                    _ => weight * factor,
                })
                .collect(),
            // Bags without many antigens are kept for those who are given blood for life, and not spared for them.
            substitution: matches!(kind, "other" | "child_bearing"),
        });
        factors.push(factor);
    }
    Ok((groups, factors))
}

/// Reads the facts.
pub(super) fn read(hospital: &Hospital, at: Timestamp) -> Result<Read, ProposalError> {
    let tables = tables(hospital, at)?;
    let bags: Vec<&Unit> = hospital
        .units
        .shelf()
        .map(|unit| &**unit)
        .filter(|unit| {
            unit.component == Component::RedCells
                && unit.status == Status::Available
                && unit.holds.is_empty()
                && unit.locked_to.is_none()
                && unit.expires > at
        })
        .collect();
    let left = |unit: &Unit| days(unit.expires.duration_since(at).as_secs());
    // One more than the longest remaining life, so that remaining days come out exactly.
    let shelf_life_days = bags
        .iter()
        .map(|unit| left(unit))
        .max()
        .unwrap_or(0)
        .min(3000)
        + 1;
    let units = bags
        .iter()
        .map(|unit| matching::Unit {
            id: unit.id.to_string(),
            age: shelf_life_days - 1 - left(unit).min(shelf_life_days - 1),
            phenotype: phenotype(unit.group.abo, unit.group.rhd, &unit.antigens),
            attributes: attribute_bits(unit.attributes),
        })
        .collect();
    let usual = usual_amount(&bags);
    let reacted = reacted(hospital, &bags);
    let (mut asked, mut rows) = (Vec::new(), Vec::new());
    let (mut unplanned, mut exposures) = (Vec::new(), Vec::new());
    for request in hospital.requests.open() {
        match row(hospital, at, &tables, request, usual, &reacted) {
            Ok((row, had)) => {
                asked.push(request.id);
                rows.push(row);
                exposures.push(had);
            }
            Err(why) => unplanned.push((request.id, why)),
        }
    }
    let parameters = Parameters {
        mismatch_factor: tables.mismatch,
        usability_weight: tables.usability_weight,
        fifo_halving_days: tables.halving_days.max(0.1),
        shelf_life_days,
        positive_share: tables.shares,
    };
    let instance = Instance::new(
        names(),
        units,
        rows,
        tables.kinds,
        tables.usability,
        parameters,
    )?;
    Ok(Read {
        instance,
        units: bags.iter().map(|unit| unit.id).collect(),
        requests: asked,
        unplanned,
        incidence: tables.incidence,
        exposure: exposures,
    })
}

/// What a bag on the shelf usually counts for, in hundredths: the middle one.
fn usual_amount(bags: &[&Unit]) -> u32 {
    let mut amounts: Vec<u32> = bags.iter().map(|unit| unit.amount.hundredths).collect();
    amounts.sort_unstable();
    let middle = amounts.get(amounts.len() / 2).copied();
    middle.filter(|amount| *amount > 0).unwrap_or(100)
}

fn row(
    hospital: &Hospital,
    at: Timestamp,
    tables: &Tables,
    request: &Request,
    usual: u32,
    reacted: &[(u32, PatientId)],
) -> Result<(matching::Request, Vec<f64>), Unplanned> {
    if request.order.component != Component::RedCells {
        return Err(Unplanned::Component);
    }
    let record = hospital
        .record_of(request.patient)
        .ok_or(Unplanned::Group)?;
    if record.id() != request.patient {
        return Err(Unplanned::Merged);
    }
    let group = record.group(at).group().ok_or(Unplanned::Group)?;
    let held = hospital.units.held_for(request.id);
    let held: u32 = held.map(|unit| unit.amount.hundredths).sum();
    let open = request.outstanding().saturating_sub(held);
    let wanted = open.div_ceil(usual).min(WANTED_MOST);
    if wanted == 0 {
        return Err(Unplanned::Served);
    }
    let mut antibodies = 0;
    for antibody in record.antibodies().filter(|antibody| antibody.significant) {
        if let Specificity::Antigen(antigen) = antibody.specificity {
            antibodies |= bit(antigen);
        }
    }
    let immunised = antibodies != 0;
    antibodies |= from_mother(hospital, &record, at);
    let mut attributes = 0;
    for need in record.needs(at) {
        match need.kind {
            NeedKind::Lacks(antigen) => antibodies |= bit(antigen),
            NeedKind::Attribute(attribute) => attributes |= attribute_bit(attribute),
        }
    }
    let mut phenotype = phenotype(group.abo, Some(group.rhd), &record.antigens());
    // An antibody against an antigen the record calls present: what must be negative stays so, the typing is not believed.
    phenotype.positive &= !antibodies;
    let by_facts = if immunised {
        2
    } else {
        usize::from(may_bear(hospital, &record, at))
    };
    // The kind with the higher factor wins: antibodies over a diagnosis, a diagnosis over the age.
    let factor = |kind: usize| tables.factors.get(kind).copied().unwrap_or(0.0);
    let kind = kind_by_diagnosis(hospital, request, at)
        .and_then(|told| tables.kinds.iter().position(|kind| kind.name == told))
        .filter(|told| factor(*told) > factor(by_facts))
        .unwrap_or(by_facts);
    let had = exposure_of(hospital, &record, &tables.shares);
    let lead = request.order.needed.duration_since(at).as_secs().max(0);
    Ok((
        matching::Request {
            id: request.id.to_string(),
            group: kind,
            wanted,
            lead: days(lead),
            phenotype,
            antibodies,
            weights: Some(weights(tables, kind, &had)),
            attributes,
            barred: reacted
                .iter()
                .filter(|(_, patient)| record.holds(*patient))
                .map(|(bag, _)| *bag)
                .collect(),
        },
        had,
    ))
}

/// Bags, by place, whose crossmatch with a patient was incompatible and stands.
fn reacted(hospital: &Hospital, bags: &[&Unit]) -> Vec<(u32, PatientId)> {
    let mut found = Vec::new();
    for (place, bag) in (0u32..).zip(bags) {
        let tried = hospital.crossmatches.of_unit(bag.id);
        found.extend(
            tried
                .filter(|one| one.outcome == Outcome::Incompatible && one.void.is_none())
                .map(|one| (place, one.patient)),
        );
    }
    found
}

/// What the mother of a newborn has antibodies against: they are in the child's blood for some months.
fn from_mother(hospital: &Hospital, record: &Record<'_>, at: Timestamp) -> u64 {
    let months = hospital.policies.span(Key::NewbornAge, at).ok();
    let birth = record.standing().demographics.birth;
    let born = birth.and_then(|day| {
        let offset = hospital.offset(at);
        offset.to_timestamp(day.at(0, 0, 0, 0)).ok()
    });
    if let (Some(months), Some(born)) = (months, born)
        && at.duration_since(born) >= months
    {
        return 0;
    }
    let mothers = record.linked(LinkKind::ChildOf).into_iter();
    let mut against = 0;
    for mother in mothers.filter_map(|mother| hospital.record_of(mother)) {
        for antibody in mother.antibodies().filter(|one| one.significant) {
            if let Specificity::Antigen(antigen) = antibody.specificity {
                against |= bit(antigen);
            }
        }
    }
    against
}

/// Female, or not known to be male, and below the policy's age, or of unknown age.
fn may_bear(hospital: &Hospital, record: &Record<'_>, at: Timestamp) -> bool {
    let years = hospital
        .policies
        .count(Key::ChildBearingYears, at)
        .unwrap_or(50);
    let patient = record.standing();
    patient.demographics.sex != Sex::Male
        && patient
            .years_on(hospital.today(at))
            .is_none_or(|age| i64::from(age) < years)
}

/// Antigen-positive bags of red cells given here, by antigen.
fn exposure_of(hospital: &Hospital, record: &Record<'_>, shares: &[f64]) -> Vec<f64> {
    let mut had = vec![0.0; shares.len()];
    for issue in record.issues() {
        if !matches!(&issue.fate, Some((_, Fate::Transfused { .. }))) {
            continue;
        }
        let Some(unit) = hospital.units.get(&issue.unit) else {
            continue;
        };
        if !unit.component.carries_red_cells() {
            continue;
        }
        for (place, (had, share)) in had.iter_mut().zip(shares).enumerate().skip(2) {
            let antigen = Antigen::ALL.get(place - 2).copied();
            *had += match antigen.map(|antigen| unit.antigens.typing(antigen)) {
                Some(Typing::Positive) => 1.0,
                Some(Typing::Negative) => 0.0,
                Some(Typing::NotTested) | None => *share,
            };
        }
    }
    had
}

fn weights(tables: &Tables, kind: usize, had: &[f64]) -> Vec<f64> {
    let names = names();
    let factor = tables.factors.get(kind).copied().unwrap_or(1.0);
    let mandatory = tables.kinds.get(kind).map_or(0, |kind| kind.mandatory);
    let rows = names.iter().zip(&tables.weights).zip(had).enumerate();
    rows.map(|(place, ((name, weight), had))| {
        if mandatory >> place & 1 == 1 || *weight == 0.0 {
            return 0.0;
        }
        let curve = tables.incidence.get(name).map(Vec::as_slice);
        exposure::weighted(*weight, curve, *had, factor)
    })
    .collect()
}
