//! The dated, sourced rule tables that Lifeline comes with, from the TOML files in `policy/`.
//!
//! They are put in force when an installation is set up; from then on the journal holds what is in force, and a change takes two
//! people.

use std::str::FromStr;

use lifeline_core::Timestamp;
use lifeline_core::policy::{Entry, Key, Standing, Value};
use serde::Deserialize;

/// Why a policy file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not TOML, or not of the expected shape.
    #[error("policy file {file}: {reason}")]
    Syntax {
        /// File name.
        file: String,
        /// What the reader said, with line and column.
        reason: String,
    },
    /// No such threshold.
    #[error("policy file {file}: {key:?} is no policy")]
    UnknownKey {
        /// File name.
        file: String,
        /// The key.
        key: String,
    },
    /// The value is of another kind than the key holds.
    #[error("policy file {file}: the value of {key} should be {expected}")]
    Shape {
        /// File name.
        file: String,
        /// The key.
        key: &'static str,
        /// What kind of value it holds.
        expected: String,
    },
    /// The date is none.
    #[error("policy file {file}: {date:?} is no date and time")]
    Date {
        /// File name.
        file: String,
        /// The text.
        date: String,
    },
}

const FILES: &[(&str, &str)] = &[
    ("site.toml", include_str!("../../../policy/site.toml")),
    ("grants.toml", include_str!("../../../policy/grants.toml")),
    (
        "products.toml",
        include_str!("../../../policy/products.toml"),
    ),
    ("units.toml", include_str!("../../../policy/units.toml")),
    ("samples.toml", include_str!("../../../policy/samples.toml")),
    (
        "compatibility.toml",
        include_str!("../../../policy/compatibility.toml"),
    ),
    ("issue.toml", include_str!("../../../policy/issue.toml")),
    (
        "assessment.toml",
        include_str!("../../../policy/assessment.toml"),
    ),
    (
        "matching.toml",
        include_str!("../../../policy/matching.toml"),
    ),
    ("quality.toml", include_str!("../../../policy/quality.toml")),
    (
        "measured.toml",
        include_str!("../../../policy/measured.toml"),
    ),
    (
        "governance.toml",
        include_str!("../../../policy/governance.toml"),
    ),
    ("lots.toml", include_str!("../../../policy/lots.toml")),
    (
        "evidence.toml",
        include_str!("../../../policy/evidence.toml"),
    ),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// In force from, for every entry that names no date of its own.
    effective: String,
    entry: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    value: Value,
    source: String,
    standing: Standing,
    effective: Option<String>,
}

/// Reads one policy file.
pub fn parse(file: &str, text: &str) -> Result<Vec<Entry>, PolicyError> {
    let read: File = toml::from_str(text).map_err(|error| PolicyError::Syntax {
        file: file.into(),
        reason: error.to_string(),
    })?;
    let File { effective, entry } = read;
    entry
        .into_iter()
        .map(|line| {
            let key = Key::parse(&line.key).ok_or_else(|| PolicyError::UnknownKey {
                file: file.into(),
                key: line.key.clone(),
            })?;
            if line.value.shape() != key.shape() {
                let expected = format!("{:?}", key.shape());
                return Err(PolicyError::Shape {
                    file: file.into(),
                    key: key.name(),
                    expected,
                });
            }
            let date = line.effective.as_ref().unwrap_or(&effective);
            let effective = Timestamp::from_str(date).map_err(|_| PolicyError::Date {
                file: file.into(),
                date: date.clone(),
            })?;
            Ok(Entry {
                key,
                value: line.value,
                effective,
                source: line.source,
                standing: line.standing,
            })
        })
        .collect()
}

/// Every entry the program comes with.
pub fn builtin() -> Result<Vec<Entry>, PolicyError> {
    let mut entries = Vec::new();
    for (file, text) in FILES {
        entries.extend(parse(file, text)?);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lifeline_core::people::{Action, Role};

    use super::*;

    #[test]
    fn every_key_has_exactly_one_entry() {
        let entries = builtin().unwrap();
        for key in Key::ALL {
            let count = entries.iter().filter(|entry| entry.key == *key).count();
            assert_eq!(count, 1, "{}", key.name());
        }
    }

    #[test]
    fn every_action_is_granted_to_somebody_and_auditors_only_look() {
        let entries = builtin().unwrap();
        let grants = entries
            .iter()
            .find_map(|entry| match &entry.value {
                Value::Grants(grants) => Some(grants.clone()),
                _ => None,
            })
            .unwrap();
        let granted: BTreeSet<Action> = grants.values().flatten().copied().collect();
        for action in Action::ALL {
            assert!(
                granted.contains(action),
                "{} is granted to nobody",
                action.name()
            );
        }
        for action in &grants[&Role::Auditor] {
            assert!(
                action.name().starts_with("view.") || *action == Action::ExportJournal,
                "an auditor may {}",
                action.name()
            );
        }
        for role in [Role::Administrator, Role::Auditor, Role::Equipment] {
            assert!(
                !grants[&role].contains(&Action::UnitIssue),
                "{role:?} may issue"
            );
        }
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said() {
        let file = |line: &str| {
            format!(
                "effective = \"2020-01-01T00:00:00Z\"\n[[entry]]\n{line}\nsource = \"s\"\nstanding = \"verified\"\n"
            )
        };
        let bad = [
            ("key = \"no.such\"\nvalue = { flag = true }", "no.such"),
            (
                "key = \"sample.validity\"\nvalue = { flag = true }",
                "Minutes",
            ),
            (
                "key = \"sample.validity\"\nvalue = { minutes = 1 }\neffective = \"never\"",
                "never",
            ),
            (
                "key = \"sample.validity\"\nvalue = { minutes = 1 }\nextra = 1",
                "extra",
            ),
        ];
        for (line, said) in bad {
            let error = parse("x.toml", &file(line)).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
