//! The policy tables of the proposals: lists of `name=values` lines, read when a proposal is made.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeline_core::hospital::Hospital;
use lifeline_core::policy::Key;

/// A policy that a proposal needs and that is missing or cannot be read. Nothing is proposed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy {}: {line:?}", key.name())]
pub struct TableError {
    /// Which policy.
    pub key: Key,
    /// The line that is wrong; empty where the policy is missing.
    pub line: String,
}

impl TableError {
    pub(crate) fn missing(key: Key) -> Self {
        Self {
            key,
            line: String::new(),
        }
    }

    pub(crate) fn wrong(key: Key, line: &str) -> Self {
        Self {
            key,
            line: line.into(),
        }
    }
}

/// The lines of a policy in force.
pub(crate) fn lines(hospital: &Hospital, key: Key, at: Timestamp) -> Result<&[String], TableError> {
    hospital
        .policies
        .words(key, at)
        .map_err(|_| TableError::missing(key))
}

/// A line as name and numbers, each within a range.
pub(crate) fn numbers(
    key: Key,
    line: &str,
    range: std::ops::RangeInclusive<f64>,
) -> Result<(&str, Vec<f64>), TableError> {
    let wrong = || TableError::wrong(key, line);
    let (name, values) = line.split_once('=').ok_or_else(wrong)?;
    let values = values
        .split_whitespace()
        .map(|value| {
            value
                .parse::<f64>()
                .ok()
                .filter(|value| range.contains(value))
        })
        .collect::<Option<Vec<f64>>>()
        .filter(|values| !values.is_empty())
        .ok_or_else(wrong)?;
    Ok((name.trim(), values))
}

/// Every line as name and one number; lines of another population are left out.
pub(crate) fn by_name(
    hospital: &Hospital,
    key: Key,
    at: Timestamp,
    population: Option<&str>,
    range: std::ops::RangeInclusive<f64>,
) -> Result<BTreeMap<String, f64>, TableError> {
    let mut table = BTreeMap::new();
    for line in lines(hospital, key, at)? {
        let (name, values) = numbers(key, line, range.clone())?;
        let name = match population {
            None => name,
            Some(population) => match name.split_once(' ') {
                Some((of, name)) if of == population => name,
                Some(_) => continue,
                None => return Err(TableError::wrong(key, line)),
            },
        };
        if let [value] = values.as_slice() {
            table.insert(name.to_owned(), *value);
        } else {
            return Err(TableError::wrong(key, line));
        }
    }
    Ok(table)
}
