//! What is to be matched: bags, requests, and what a mismatch costs.

use std::collections::BTreeMap;
use std::fmt;

/// Most bags in one instance.
pub const UNITS_MOST: usize = 20_000;
/// Most requests in one instance.
pub const REQUESTS_MOST: usize = 20_000;
/// Most antigens: one bit each in a word.
pub const ANTIGENS_MOST: usize = 64;
/// Most bags one request may want.
pub const WANTED_MOST: u32 = 200;
/// The largest weight, factor or penalty.
pub const WEIGHT_MOST: f64 = 1e4;

/// Where an instance is wrong: the row and field, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InputError {
    /// The row, like `units[3] (U0003)`, or the name of the part.
    pub row: String,
    /// The field in it.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

impl InputError {
    /// An error in a field of a row.
    pub fn new(row: impl Into<String>, field: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            row: row.into(),
            field: field.into(),
            why: why.into(),
        }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: field {:?}: {}", self.row, self.field, self.why)
    }
}

/// What is known of the antigens of a bag or patient; bit `k` stands for antigen `k` of the instance.
///
/// A bit that is in neither set was not tested, which is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Phenotype {
    /// Tested, present.
    pub positive: u64,
    /// Tested, absent.
    pub negative: u64,
}

impl Phenotype {
    /// What both words say together about the antigens of a mask.
    #[must_use]
    pub fn within(self, mask: u64) -> Self {
        Self {
            positive: self.positive & mask,
            negative: self.negative & mask,
        }
    }

    /// Antigens of a mask that were not tested.
    pub fn unknown(self, mask: u64) -> u64 {
        mask & !(self.positive | self.negative)
    }
}

/// A bag on the shelf.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Its number; ties are broken by its place in the list.
    pub id: String,
    /// Days since collection.
    pub age: u32,
    /// Its antigens.
    pub phenotype: Phenotype,
    /// Special properties it has (irradiated, CMV-safe, washed…), a bit each, as the caller numbers them.
    pub attributes: u32,
}

/// Somebody who needs blood.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its number.
    pub id: String,
    /// Index into the groups.
    pub group: usize,
    /// Bags wanted, at least 1.
    pub wanted: u32,
    /// Days until they are needed; 0 is today.
    pub lead: u32,
    /// The patient's antigens.
    pub phenotype: Phenotype,
    /// Antigens the patient has, or ever had, antibodies against: a bag must be typed negative.
    pub antibodies: u64,
    /// Weights of its own instead of the group's: marginal risks from the exposure history, per antigen.
    pub weights: Option<Vec<f64>>,
    /// Special properties a bag must have.
    pub attributes: u32,
    /// Bags it may not get for reasons outside the model (held for others), as indexes into the units.
    pub barred: Vec<u32>,
}

/// How patients of a kind are matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Antigens a patient who lacks them must never get.
    pub mandatory: u64,
    /// What a mismatch costs, per antigen; 0 where it costs nothing.
    pub weights: Vec<f64>,
    /// Giving antigen-negative bags to antigen-positive patients of this kind costs too.
    pub substitution: bool,
}

/// The numbers of the cost function.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    /// What a mismatch weighs beside the other costs.
    pub mismatch_factor: f64,
    /// What it weighs to give a bag to somebody fewer bags would suit.
    pub usability_weight: f64,
    /// The preference for old bags halves with so many days of remaining life.
    pub fifo_halving_days: f64,
    /// Days a bag may be used after collection; the last is one less.
    pub shelf_life_days: u32,
    /// How probably a bag is positive for an antigen it was not typed for, and a patient likewise; per antigen.
    pub positive_share: Vec<f64>,
}

/// A checked instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Names of the antigens, in the order of the bits.
    pub antigens: Vec<String>,
    /// The bags.
    pub units: Vec<Unit>,
    /// The requests.
    pub requests: Vec<Request>,
    /// The kinds of patients.
    pub groups: Vec<Group>,
    /// The share of patients who can receive a bag, by its A, B and D as a number from 0 (`000`) to 7 (`111`).
    pub usability: [f64; 8],
    /// The numbers of the cost function.
    pub parameters: Parameters,
    pub(super) a: u64,
    pub(super) b: u64,
    pub(super) d: u64,
    pub(super) fya: u64,
    pub(super) fyb: u64,
}

/// Antithetical pairs of which everybody carries at least one: a row that lacks both was misread. The true exceptions
/// (D--, K0, M-like nulls) are rarer than typing errors and are matched by hand.
const ANTITHETICAL: [(&str, &str); 3] = [("C", "c"), ("E", "e"), ("K", "k")];

impl Instance {
    /// Checks the parts against each other.
    ///
    /// # Errors
    /// Names the row and field that is wrong: impossible phenotypes, duplicate ids, contradictory demands, numbers out of range.
    pub fn new(
        antigens: Vec<String>,
        units: Vec<Unit>,
        requests: Vec<Request>,
        groups: Vec<Group>,
        usability: [f64; 8],
        parameters: Parameters,
    ) -> Result<Self, InputError> {
        let bit = |name: &str| -> u64 {
            let place = antigens.iter().position(|known| known == name);
            place.map_or(0, |place| 1 << place)
        };
        let (a, b, d) = (bit("A"), bit("B"), bit("D"));
        let (fya, fyb) = (bit("Fya"), bit("Fyb"));
        let instance = Self {
            antigens,
            units,
            requests,
            groups,
            usability,
            parameters,
            a,
            b,
            d,
            fya,
            fyb,
        };
        instance.check()?;
        Ok(instance)
    }

    fn check(&self) -> Result<(), InputError> {
        let part = |name: &str, why: String| InputError::new("instance", name, why);
        if self.antigens.len() > ANTIGENS_MOST {
            return Err(part("antigens", format!("more than {ANTIGENS_MOST}")));
        }
        if let Some(twice) = duplicate(self.antigens.iter()) {
            return Err(part("antigens", format!("{twice:?} stands twice")));
        }
        if self.a == 0 || self.b == 0 || self.d == 0 {
            return Err(part("antigens", "A, B and D must be among them".into()));
        }
        if self.units.len() > UNITS_MOST {
            return Err(part("units", format!("more than {UNITS_MOST}")));
        }
        if self.requests.len() > REQUESTS_MOST {
            return Err(part("requests", format!("more than {REQUESTS_MOST}")));
        }
        self.check_numbers()?;
        for (place, unit) in self.units.iter().enumerate() {
            self.check_phenotype(&row("units", place, &unit.id), unit.phenotype)?;
        }
        if let Some(twice) = duplicate(self.units.iter().map(|unit| &unit.id)) {
            let place = self.units.iter().rposition(|unit| unit.id == *twice);
            let row = row("units", place.unwrap_or_default(), twice);
            return Err(InputError::new(row, "id", "stands twice"));
        }
        if let Some(twice) = duplicate(self.requests.iter().map(|request| &request.id)) {
            let place = self
                .requests
                .iter()
                .rposition(|request| request.id == *twice);
            let row = row("requests", place.unwrap_or_default(), twice);
            return Err(InputError::new(row, "id", "stands twice"));
        }
        for (place, request) in self.requests.iter().enumerate() {
            self.check_request(&row("requests", place, &request.id), request)?;
        }
        Ok(())
    }

    fn check_numbers(&self) -> Result<(), InputError> {
        let numbers = &self.parameters;
        let fits = |value: f64| (0.0..=WEIGHT_MOST).contains(&value);
        let wrong = |row: &str, field: &str, value: f64| {
            InputError::new(
                row,
                field,
                format!("{value} is not within 0 to {WEIGHT_MOST}"),
            )
        };
        for (field, value) in [
            ("mismatch_factor", numbers.mismatch_factor),
            ("usability_weight", numbers.usability_weight),
        ] {
            if !fits(value) {
                return Err(wrong("params", field, value));
            }
        }
        if !(numbers.fifo_halving_days > 0.0 && numbers.fifo_halving_days <= WEIGHT_MOST) {
            return Err(InputError::new(
                "params",
                "fifo_halving_days",
                format!("{} is not above 0", numbers.fifo_halving_days),
            ));
        }
        if !(1..=3650).contains(&numbers.shelf_life_days) {
            return Err(InputError::new(
                "params",
                "shelf_life_days",
                "not within 1 to 3650",
            ));
        }
        for (place, value) in self.usability.iter().enumerate() {
            if !(0.0..=1.0).contains(value) {
                return Err(InputError::new(
                    "usability",
                    format!("{place:03b}"),
                    format!("{value} is no share"),
                ));
            }
        }
        for group in &self.groups {
            for (antigen, weight) in self.antigens.iter().zip(&group.weights) {
                if !fits(*weight) {
                    let row = format!("groups.{}", group.name);
                    return Err(wrong(&row, &format!("weight.{antigen}"), *weight));
                }
            }
        }
        Ok(())
    }

    /// Whether one request more would fit in.
    pub(super) fn accept(&self, request: &Request) -> Result<(), InputError> {
        let row = row("requests", self.requests.len(), &request.id);
        if self.requests.len() >= REQUESTS_MOST {
            return Err(InputError::new("instance", "requests", "too many"));
        }
        if self.requests.iter().any(|known| known.id == request.id) {
            return Err(InputError::new(row, "id", "stands twice"));
        }
        self.check_request(&row, request)
    }

    fn check_phenotype(&self, row: &str, phenotype: Phenotype) -> Result<(), InputError> {
        let both = phenotype.positive & phenotype.negative;
        if both != 0 {
            let why = format!("{} is both positive and negative", self.named(both));
            return Err(InputError::new(row, "ag", why));
        }
        for (one, other) in ANTITHETICAL {
            let pair = self.bit(one) | self.bit(other);
            if pair.count_ones() == 2 && phenotype.negative & pair == pair {
                let why = format!("impossible phenotype: neither {one} nor {other}");
                return Err(InputError::new(row, "ag", why));
            }
        }
        Ok(())
    }

    fn check_request(&self, row: &str, request: &Request) -> Result<(), InputError> {
        self.check_phenotype(row, request.phenotype)?;
        if request.wanted == 0 || request.wanted > WANTED_MOST {
            let why = format!("{} is not within 1 to {WANTED_MOST}", request.wanted);
            return Err(InputError::new(row, "units", why));
        }
        if request.group >= self.groups.len() {
            return Err(InputError::new(row, "group", "no such group"));
        }
        let own = request.antibodies & request.phenotype.positive;
        if own != 0 {
            let why = format!(
                "contradictory: an antibody against {}, which the patient carries",
                self.named(own)
            );
            return Err(InputError::new(row, "antibodies", why));
        }
        Ok(())
    }

    /// The bit of an antigen; 0 where the instance has none of that name.
    pub fn bit(&self, name: &str) -> u64 {
        let place = self.antigens.iter().position(|known| known == name);
        place.map_or(0, |place| 1 << place)
    }

    /// The names of a mask's antigens, with commas.
    pub fn named(&self, mask: u64) -> String {
        let names: Vec<&str> = self.names(mask).collect();
        names.join(", ")
    }

    /// The names of a mask's antigens.
    pub fn names(&self, mask: u64) -> impl Iterator<Item = &str> {
        self.antigens
            .iter()
            .enumerate()
            .filter(move |(place, _)| mask >> place & 1 == 1)
            .map(|(_, name)| name.as_str())
    }

    /// Weights of a request, per antigen: its own where it has some.
    pub fn weights<'a>(&'a self, request: &'a Request) -> &'a [f64] {
        match (&request.weights, self.groups.get(request.group)) {
            (Some(own), _) => own,
            (None, Some(group)) => &group.weights,
            (None, None) => &[],
        }
    }

    pub(super) fn usability_of(&self, phenotype: Phenotype) -> f64 {
        // What is not known counts as present: such a bag suits fewer.
        let has = |bit: u64| usize::from(phenotype.negative & bit == 0);
        let place = has(self.a) << 2 | has(self.b) << 1 | has(self.d);
        self.usability.get(place).copied().unwrap_or(0.0)
    }
}

/// How a row is named in errors.
pub(super) fn row(part: &str, place: usize, id: &str) -> String {
    if id.is_empty() {
        format!("{part}[{place}]")
    } else {
        format!("{part}[{place}] ({id})")
    }
}

fn duplicate<'a>(mut names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = BTreeMap::new();
    names.find(|name| seen.insert(*name, ()).is_some())
}
