use std::collections::BTreeMap;

use lifeline_core::blood::Antigen;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Conflict, Field, Kind, Need, Problem};

/// The longest list an input may hold.
const LIST_MOST: usize = 64;

/// What was given for one input.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// Nothing, written out; the same as not given.
    Nothing(()),
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// Words.
    Word(String),
    /// A list.
    List(Vec<Given>),
    /// An antigen with the share of donors that carry it.
    Antigen {
        /// Its conventional name.
        antigen: String,
        /// 0 to 1.
        share: f64,
    },
}

/// Inputs by name. An input named twice is refused when read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Inputs(BTreeMap<String, Given>);

impl Inputs {
    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What was given under a name.
    pub fn get(&self, name: &str) -> Option<&Given> {
        self.0.get(name)
    }
}

impl FromIterator<(String, Given)> for Inputs {
    fn from_iter<T: IntoIterator<Item = (String, Given)>>(given: T) -> Self {
        Self(given.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Inputs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of inputs by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Inputs, A::Error> {
                let mut inputs = BTreeMap::new();
                while let Some(name) = map.next_key::<String>()? {
                    if inputs.contains_key(&name) {
                        return Err(A::Error::custom(format!("{name}: given twice")));
                    }
                    let given = map
                        .next_value()
                        .map_err(|error| A::Error::custom(format!("{name}: {error}")))?;
                    inputs.insert(name, given);
                }
                Ok(Inputs(inputs))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Inputs that were checked one by one against the calculator's fields.
#[derive(Debug)]
pub struct Args(BTreeMap<&'static str, Checked>);

#[derive(Debug)]
enum Checked {
    Number(f64),
    Flag(bool),
    Male(bool),
    Word,
    Shares(Vec<(Option<Antigen>, f64)>),
}

impl Args {
    pub(super) fn read(fields: &'static [Field], inputs: &Inputs) -> Result<Self, Problem> {
        let field_of = |name: &str| {
            fields
                .iter()
                .find(|field| field.name == name || field.also.contains(&name))
        };
        let mut checked = BTreeMap::new();
        for (name, given) in &inputs.0 {
            let field = field_of(name).ok_or_else(|| Problem::Unknown {
                field: name.chars().take(60).collect(),
                known: fields.iter().map(|f| f.name).collect::<Vec<_>>().join(", "),
            })?;
            if matches!(given, Given::Nothing(())) {
                continue;
            }
            if checked.insert(field.name, check(field, given)?).is_some() {
                return Err(Problem::Contradiction {
                    field: name.clone(),
                    why: Conflict::Twice,
                    other: Some(field.name),
                });
            }
        }
        for field in fields {
            match field.need {
                _ if checked.contains_key(field.name) => {}
                Need::Always => return Err(missing(field.name)),
                Need::Default(value) => {
                    checked.insert(field.name, Checked::Number(value));
                }
                Need::Choice => {}
            }
        }
        Ok(Self(checked))
    }

    /// Whether something was given, or stands by default.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A number, count, share or haematocrit (always as a fraction).
    pub(super) fn number(&self, name: &'static str) -> Result<f64, Problem> {
        match self.0.get(name) {
            Some(Checked::Number(number)) => Ok(*number),
            _ => Err(missing(name)),
        }
    }

    /// A count.
    pub(super) fn count(&self, name: &'static str) -> Result<u32, Problem> {
        // The range of a count was checked when it was read.
        self.number(name).map(|number| number as u32)
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Problem> {
        match self.0.get(name) {
            Some(Checked::Flag(flag)) => Ok(*flag),
            _ => Err(missing(name)),
        }
    }

    /// Whether the sex is male; female otherwise.
    pub(super) fn male(&self, name: &'static str) -> Result<bool, Problem> {
        match self.0.get(name) {
            Some(Checked::Male(male)) => Ok(*male),
            _ => Err(missing(name)),
        }
    }

    pub(super) fn shares(&self, name: &'static str) -> Result<&[(Option<Antigen>, f64)], Problem> {
        match self.0.get(name) {
            Some(Checked::Shares(shares)) => Ok(shares),
            _ => Err(missing(name)),
        }
    }

    /// The one given of two inputs that say the same in different units; the second is multiplied by a factor.
    pub(super) fn either(
        &self,
        first: &'static str,
        second: &'static str,
        factor: f64,
    ) -> Result<f64, Problem> {
        match (self.has(first), self.has(second)) {
            (true, true) => Err(Problem::conflict(second, Conflict::Twice, first)),
            (false, true) => self.number(second).map(|number| number * factor),
            _ => self.number(first),
        }
    }

    /// Two inputs of which the first must be greater than the second; the problem is laid to the one named.
    pub(super) fn falling(
        &self,
        high: &'static str,
        low: &'static str,
        blamed: &'static str,
    ) -> Result<(f64, f64), Problem> {
        let (above, below) = (self.number(high)?, self.number(low)?);
        if above > below {
            return Ok((above, below));
        }
        Err(if blamed == high {
            Problem::conflict(high, Conflict::NotAbove, low)
        } else {
            Problem::conflict(low, Conflict::Above, high)
        })
    }

    /// Nothing that belongs to another way of saying the same may stand beside what was given.
    pub(super) fn alone(
        &self,
        given: &'static str,
        others: &[&'static str],
    ) -> Result<(), Problem> {
        match others.iter().find(|other| self.has(other)) {
            Some(other) if self.has(given) => Err(Problem::conflict(other, Conflict::Twice, given)),
            _ => Ok(()),
        }
    }
}

pub(super) fn missing(name: &str) -> Problem {
    Problem::Missing { field: name.into() }
}

fn check(field: &Field, given: &Given) -> Result<Checked, Problem> {
    let wrong = |expected: &str| Problem::Kind {
        field: field.name.into(),
        expected: expected.into(),
    };
    let number = || match given {
        Given::Number(number) if number.is_finite() => Ok(*number),
        _ => Err(wrong("a number")),
    };
    let within = |number: f64, least: f64, most: f64, unit: &'static str| {
        if (least..=most).contains(&number) {
            return Ok(Checked::Number(number));
        }
        Err(Problem::Range {
            field: field.name.into(),
            given: number,
            least,
            most,
            unit,
        })
    };
    match field.kind {
        Kind::Number { least, most } => within(number()?, least, most, field.unit),
        Kind::Share => within(number()?, 0.0, 1.0, ""),
        Kind::Count { least, most } => {
            let number = number()?;
            if number.fract() != 0.0 {
                return Err(wrong("a whole number"));
            }
            within(number, f64::from(least), f64::from(most), field.unit)
        }
        Kind::Haematocrit => {
            let number = number()?;
            if (0.05..=0.95).contains(&number) {
                Ok(Checked::Number(number))
            } else if (5.0..=95.0).contains(&number) {
                Ok(Checked::Number(number / 100.0))
            } else if number <= 1.0 {
                within(number, 0.05, 0.95, "")
            } else {
                within(number, 5.0, 95.0, "%")
            }
        }
        Kind::Flag => match given {
            Given::Flag(flag) => Ok(Checked::Flag(*flag)),
            Given::Number(number) if *number == 0.0 || *number == 1.0 => {
                Ok(Checked::Flag(*number == 1.0))
            }
            _ => Err(wrong("true or false")),
        },
        Kind::Sex => match given {
            Given::Word(word) => match word.trim().to_lowercase().as_str() {
                "male" | "m" | "男" => Ok(Checked::Male(true)),
                "female" | "f" | "女" => Ok(Checked::Male(false)),
                _ => Err(wrong("male or female")),
            },
            _ => Err(wrong("male or female")),
        },
        Kind::Word => match given {
            Given::Word(word) if !word.trim().is_empty() => Ok(Checked::Word),
            _ => Err(wrong("a word")),
        },
        Kind::Shares => shares(field, given).map(Checked::Shares),
    }
}

fn shares(field: &Field, given: &Given) -> Result<Vec<(Option<Antigen>, f64)>, Problem> {
    let wrong = || Problem::Kind {
        field: field.name.into(),
        expected: "a list of shares from 0 to 1, each a number or {\"antigen\": …, \"share\": …}"
            .into(),
    };
    let Given::List(list) = given else {
        return Err(wrong());
    };
    if list.is_empty() || list.len() > LIST_MOST {
        return Err(wrong());
    }
    list.iter()
        .map(|item| {
            let (antigen, share) = match item {
                Given::Number(share) => (None, *share),
                Given::Antigen { antigen, share } => {
                    (Some(Antigen::parse(antigen).ok_or_else(wrong)?), *share)
                }
                _ => return Err(wrong()),
            };
            if !(0.0..=1.0).contains(&share) {
                return Err(Problem::Range {
                    field: field.name.into(),
                    given: share,
                    least: 0.0,
                    most: 1.0,
                    unit: "",
                });
            }
            Ok((antigen, share))
        })
        .collect()
}
