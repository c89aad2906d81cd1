use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::due::{AlarmKind, alarms};
use crate::hospital::Hospital;
use crate::subject::Subject;

/// What the next shift must know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Matter {
    /// Something that the alarm list shows.
    Alarm(AlarmKind),
    /// A request that is not closed.
    Request,
    /// A control that went out, and the case is not closed.
    Case,
    /// A group discrepancy without a verified conclusion.
    Discrepancy,
    /// An antibody identification without a verified conclusion.
    Identification,
}

impl Matter {
    /// The word in commands, facts and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alarm(kind) => kind.as_str(),
            Self::Request => "open_request",
            Self::Case => "open_case",
            Self::Discrepancy => "open_discrepancy",
            Self::Identification => "open_identification",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = [
            Self::Request,
            Self::Case,
            Self::Discrepancy,
            Self::Identification,
        ];
        AlarmKind::ALL
            .into_iter()
            .map(Self::Alarm)
            .chain(rest)
            .find(|matter| matter.as_str() == text)
    }
}

impl TryFrom<String> for Matter {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or(text)
    }
}

impl From<Matter> for String {
    fn from(matter: Matter) -> Self {
        matter.as_str().into()
    }
}

/// One thing that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What.
    pub matter: Matter,
    /// Which thing.
    pub subject: Subject,
    /// The deadline where there is one, otherwise since when.
    pub at: Timestamp,
}

/// Everything the next shift must know of, the gravest first.
pub fn matters(hospital: &Hospital, at: Timestamp) -> Vec<Item> {
    let item = |matter, at, subject| Item {
        matter,
        subject,
        at,
    };
    let mut list: Vec<Item> = alarms(hospital, at)
        .into_iter()
        .map(|alarm| item(Matter::Alarm(alarm.kind), alarm.at, alarm.subject))
        .collect();
    list.extend(
        hospital
            .requests
            .open()
            .map(|request| item(Matter::Request, request.order.needed, request.id.into())),
    );
    list.extend(
        hospital
            .quality
            .open_cases()
            .map(|case| item(Matter::Case, case.changed.at, case.id.into())),
    );
    list.extend(
        hospital
            .discrepancies
            .iter()
            .filter(|found| !found.verified() && !found.superseded(hospital))
            .map(|found| item(Matter::Discrepancy, found.changed.at, found.id.into())),
    );
    list.extend(
        hospital
            .identifications
            .open()
            .map(|found| item(Matter::Identification, found.changed.at, found.id.into())),
    );
    list
}

/// How many things wait of each kind.
pub fn counts(items: &[Item]) -> BTreeMap<Matter, u64> {
    let mut counts = BTreeMap::new();
    for item in items {
        *counts.entry(item.matter).or_insert(0) += 1;
    }
    counts
}
