//! An instance from its JSON file (`lifeline-match-1`).

use serde_json::{Map, Value};

use super::instance::{
    Group, InputError, Instance, Parameters, Phenotype, Request, Unit, WANTED_MOST, row,
};

type Object = Map<String, Value>;

/// A patient or bag that was not typed is as probably positive as not, where the file does not say better.
const UNKNOWN_SHARE: f64 = 0.5;

impl Instance {
    /// Reads an instance as described in `tests/samples/matching/README.md`. Beside `0` and `1` a phenotype may hold `?` for
    /// an antigen that was not tested.
    ///
    /// # Errors
    /// Names the row and the field that is missing, of the wrong kind or impossible.
    pub fn from_json(text: &str) -> Result<Self, InputError> {
        let document: Value = serde_json::from_str(text)
            .map_err(|error| InputError::new("instance", "json", error.to_string()))?;
        let file = object("instance", "instance", &document)?;
        if let Some(schema) = file.get("schema")
            && schema != "lifeline-match-1"
        {
            let why = format!("{schema} is not \"lifeline-match-1\"");
            return Err(InputError::new("instance", "schema", why));
        }
        let antigens: Vec<String> = array("instance", file, "antigens")?
            .iter()
            .map(|name| {
                let name = name.as_str();
                name.map(str::to_owned)
                    .ok_or_else(|| InputError::new("instance", "antigens", "not a list of names"))
            })
            .collect::<Result<_, _>>()?;
        if antigens.len() > super::instance::ANTIGENS_MOST {
            return Err(InputError::new("instance", "antigens", "more than 64"));
        }
        let named = |row: &str, field: &str, name: &str| -> Result<usize, InputError> {
            let place = antigens.iter().position(|known| known == name);
            place.ok_or_else(|| InputError::new(row, field, format!("no antigen {name:?}")))
        };
        let mut groups = Vec::new();
        for (name, group) in object("instance", "groups", field("instance", file, "groups")?)? {
            let row = format!("groups.{name}");
            let group = object(&row, "group", group)?;
            let mut mandatory = 0;
            for antigen in array(&row, group, "mandatory")? {
                let antigen = text_of(&row, "mandatory", antigen)?;
                mandatory |= 1u64 << named(&row, "mandatory", antigen)?;
            }
            let mut weights = vec![0.0; antigens.len()];
            for (antigen, weight) in object(&row, "weight", field(&row, group, "weight")?)? {
                let at = format!("weight.{antigen}");
                let place = named(&row, &at, antigen)?;
                if let Some(slot) = weights.get_mut(place) {
                    *slot = number(&row, &at, weight)?;
                }
            }
            let substitution = field(&row, group, "substitution")?
                .as_bool()
                .ok_or_else(|| {
                    InputError::new(row.as_str(), "substitution", "neither true nor false")
                })?;
            groups.push(Group {
                name: name.clone(),
                mandatory,
                weights,
                substitution,
            });
        }
        let units = array("instance", file, "units")?
            .iter()
            .enumerate()
            .map(|(place, value)| {
                let (row, id, unit) = line("units", place, value)?;
                Ok(Unit {
                    id,
                    age: whole(&row, unit, "age", 36_500)?,
                    phenotype: phenotype(&row, unit, antigens.len())?,
                    attributes: 0,
                })
            })
            .collect::<Result<Vec<_>, InputError>>()?;
        let requests = array("instance", file, "requests")?
            .iter()
            .enumerate()
            .map(|(place, value)| {
                let (row, id, request) = line("requests", place, value)?;
                let name = text_of(&row, "group", field(&row, request, "group")?)?;
                let group = groups.iter().position(|group| group.name == name);
                let group = group.ok_or_else(|| {
                    InputError::new(row.as_str(), "group", format!("no group {name:?}"))
                })?;
                let mut antibodies = 0;
                for antigen in array(&row, request, "antibodies")? {
                    let antigen = text_of(&row, "antibodies", antigen)?;
                    antibodies |= 1u64 << named(&row, "antibodies", antigen)?;
                }
                Ok(Request {
                    group,
                    wanted: whole(&row, request, "units", WANTED_MOST)?,
                    lead: whole(&row, request, "lead", 36_500)?,
                    phenotype: phenotype(&row, request, antigens.len())?,
                    antibodies,
                    weights: None,
                    attributes: 0,
                    barred: Vec::new(),
                    id,
                })
            })
            .collect::<Result<Vec<_>, InputError>>()?;
        let shares = object(
            "instance",
            "usability",
            field("instance", file, "usability")?,
        )?;
        let mut usability = [0.0; 8];
        for (place, slot) in usability.iter_mut().enumerate() {
            let name = format!("{place:03b}");
            *slot = number("usability", &name, field("usability", shares, &name)?)?;
        }
        let params = object("instance", "params", field("instance", file, "params")?)?;
        let positive = |name| number("params", name, field("params", params, name)?);
        let parameters = Parameters {
            mismatch_factor: positive("mismatch_factor")?,
            usability_weight: positive("usability_weight")?,
            fifo_halving_days: positive("fifo_halving_days")?,
            shelf_life_days: whole("params", params, "shelf_life_days", 3650)?,
            positive_share: vec![UNKNOWN_SHARE; antigens.len()],
        };
        Self::new(antigens, units, requests, groups, usability, parameters)
    }
}

fn field<'a>(row: &str, from: &'a Object, name: &str) -> Result<&'a Value, InputError> {
    from.get(name)
        .ok_or_else(|| InputError::new(row, name, "missing"))
}

fn object<'a>(row: &str, name: &str, value: &'a Value) -> Result<&'a Object, InputError> {
    value
        .as_object()
        .ok_or_else(|| InputError::new(row, name, "not an object"))
}

fn array<'a>(row: &str, from: &'a Object, name: &str) -> Result<&'a [Value], InputError> {
    let list = field(row, from, name)?.as_array();
    list.map(Vec::as_slice)
        .ok_or_else(|| InputError::new(row, name, "not a list"))
}

fn text_of<'a>(row: &str, name: &str, value: &'a Value) -> Result<&'a str, InputError> {
    value
        .as_str()
        .ok_or_else(|| InputError::new(row, name, format!("{value} is no text")))
}

fn number(row: &str, name: &str, value: &Value) -> Result<f64, InputError> {
    value
        .as_f64()
        .filter(|number| number.is_finite())
        .ok_or_else(|| InputError::new(row, name, format!("{value} is no number")))
}

fn whole(row: &str, from: &Object, name: &str, most: u32) -> Result<u32, InputError> {
    let value = field(row, from, name)?;
    if value.as_f64().is_some_and(|number| number < 0.0) {
        return Err(InputError::new(row, name, format!("{value} is negative")));
    }
    value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .filter(|number| *number <= most)
        .ok_or_else(|| {
            InputError::new(
                row,
                name,
                format!("{value} is no whole number up to {most}"),
            )
        })
}

/// A row's name for errors, its id and its fields.
fn line<'a>(
    part: &str,
    place: usize,
    value: &'a Value,
) -> Result<(String, String, &'a Object), InputError> {
    let nameless = row(part, place, "");
    let fields = object(&nameless, part, value)?;
    let id = text_of(&nameless, "id", field(&nameless, fields, "id")?)?;
    if id.is_empty() {
        return Err(InputError::new(nameless, "id", "empty"));
    }
    Ok((row(part, place, id), id.to_owned(), fields))
}

fn phenotype(row: &str, from: &Object, antigens: usize) -> Result<Phenotype, InputError> {
    let bits = text_of(row, "ag", field(row, from, "ag")?)?;
    if bits.chars().count() != antigens {
        let why = format!("{} signs for {antigens} antigens", bits.chars().count());
        return Err(InputError::new(row, "ag", why));
    }
    let mut phenotype = Phenotype::default();
    for (place, sign) in bits.chars().enumerate() {
        match sign {
            '1' => phenotype.positive |= 1 << place,
            '0' => phenotype.negative |= 1 << place,
            '?' => {}
            other => {
                let why = format!("{other:?} at place {place} is none of 0, 1 and ?");
                return Err(InputError::new(row, "ag", why));
            }
        }
    }
    Ok(phenotype)
}
