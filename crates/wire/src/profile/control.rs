//! How a device writes its controls: where lot and level of the material stand, and which control of the plan is meant.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::path::Path;
use super::reading::ControlNamed;
use super::source::Source;
use super::{Condition, result::holds};

/// How a device writes its controls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlRule {
    /// Calibrators: results that stand beside the controls and are none. They are left out.
    #[serde(default)]
    pub calibrator: Vec<Condition>,
    /// Places of the lot of control material; the first that is not empty counts.
    #[serde(default)]
    pub lot: Vec<Path>,
    /// Places of the level.
    #[serde(default)]
    pub level: Vec<Path>,
    /// How the sample id is made, where lot or level stand in it together with other things: `QC-{level}-{lot}`.
    pub id: Option<Shape>,
    /// The device's words for levels and the codes of the plan; another word stands for itself.
    #[serde(default)]
    pub levels: BTreeMap<String, String>,
    /// Names of results, or our names of tests, and the codes of the plan. What stands here is a control of that code; what does
    /// not is the control that covers the test on this machine.
    #[serde(default)]
    pub tests: BTreeMap<String, String>,
    /// Of measurements that come in parts, the part that is charted.
    #[serde(default = "value")]
    pub aspect: String,
    /// Whether the device sends every level in a message of its own. Otherwise a message that lacks a level is a problem.
    #[serde(default)]
    pub levels_apart: bool,
}

fn value() -> String {
    "value".into()
}

impl ControlRule {
    /// The tables that end in codes of the plan, with their keys.
    pub(super) fn codes(&self) -> [(&'static str, &BTreeMap<String, String>); 2] {
        [
            ("control.levels", &self.levels),
            ("control.tests", &self.tests),
        ]
    }

    /// Whether a result is a calibrator's.
    pub(super) fn calibrates(&self, source: &Source<'_>) -> bool {
        self.calibrator.iter().any(|rule| holds(rule, source))
    }

    /// What a result's control is called. `id` is its sample id, where it has one.
    pub(super) fn named(&self, source: &Source<'_>, id: Option<&str>) -> ControlNamed {
        let first = |paths: &[Path]| {
            paths
                .iter()
                .find_map(|path| source.get(path))
                .map(|found| found.text)
        };
        let (in_id_level, in_id_lot) = match (&self.id, id) {
            (Some(shape), Some(id)) => shape.split(id),
            _ => (None, None),
        };
        let level = first(&self.level).or(in_id_level);
        ControlNamed {
            level: level.map(|word| self.levels.get(&word).cloned().unwrap_or(word)),
            lot: first(&self.lot).or(in_id_lot),
        }
    }

    /// The control a result belongs to, as far as the profile says: the plan's code, or our name of the test.
    #[must_use]
    pub fn code<'a>(&'a self, name: &'a str, test: &'a str) -> &'a str {
        self.tests
            .get(name)
            .or_else(|| self.tests.get(test))
            .map_or(test, String::as_str)
    }
}

/// The shape of a control's sample id: fixed texts around `{level}` and `{lot}`, each at most once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Shape {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Fixed(String),
    Level,
    Lot,
}

impl TryFrom<String> for Shape {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bad = |why: &str| Err(format!("{text:?}: {why}"));
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let part = if let Some(after) = rest.strip_prefix("{level}") {
                rest = after;
                Part::Level
            } else if let Some(after) = rest.strip_prefix("{lot}") {
                rest = after;
                Part::Lot
            } else {
                let end = rest
                    .find("{level}")
                    .into_iter()
                    .chain(rest.find("{lot}"))
                    .min()
                    .unwrap_or(rest.len());
                let (fixed, after) = rest.split_at(end);
                rest = after;
                Part::Fixed(fixed.to_owned())
            };
            parts.push(part);
        }
        let times = |wanted: &Part| parts.iter().filter(|part| *part == wanted).count();
        let (levels, lots) = (times(&Part::Level), times(&Part::Lot));
        if levels + lots == 0 || levels > 1 || lots > 1 {
            return bad("{level} and {lot} stand in it once each, or one of them");
        }
        let touching = parts
            .windows(2)
            .any(|pair| matches!(pair, [Part::Level | Part::Lot, Part::Level | Part::Lot]));
        if touching {
            return bad("something fixed must stand between {level} and {lot}");
        }
        Ok(Self { parts })
    }
}

impl Shape {
    /// Level and lot of an id; nothing of one that has another shape.
    fn split(&self, id: &str) -> (Option<String>, Option<String>) {
        let (mut level, mut lot) = (None, None);
        let mut rest = id.trim();
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            let slot = match part {
                Part::Fixed(fixed) => match rest.strip_prefix(fixed.as_str()) {
                    Some(after) => {
                        rest = after;
                        continue;
                    }
                    None => return (None, None),
                },
                Part::Level => &mut level,
                Part::Lot => &mut lot,
            };
            let end = match parts.peek() {
                Some(Part::Fixed(fixed)) => rest.find(fixed.as_str()),
                _ => Some(rest.len()),
            };
            let Some((text, after)) = end.map(|end| rest.split_at(end)) else {
                return (None, None);
            };
            *slot = Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            rest = after;
        }
        if rest.is_empty() {
            (level, lot)
        } else {
            (None, None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Result<Shape, String> {
        Shape::try_from(text.to_owned())
    }

    #[test]
    fn an_id_gives_level_and_lot_or_nothing() {
        let split = |text: &str, id: &str| shape(text).unwrap().split(id);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            split("QC-{level}-{lot}", "QC-WB1-2610A"),
            (some("WB1"), some("2610A"))
        );
        assert_eq!(
            split("{lot}*{level}", "26-10*L2"),
            (some("L2"), some("26-10"))
        );
        assert_eq!(split("CTRL{level}", "CTRL2"), (some("2"), None));
        assert_eq!(split("QC-{level}-{lot}", "0651439A"), (None, None));
        assert_eq!(split("QC-{level}-{lot}!", "QC-WB1-2610A"), (None, None));
        assert_eq!(
            split("QC-{level}-{lot}", "QC--2610A"),
            (None, some("2610A"))
        );
    }

    #[test]
    fn a_shape_that_cannot_be_taken_apart_is_refused() {
        for text in ["", "QC", "{level}{lot}", "{lot}-{lot}", "{level} {level}"] {
            assert!(shape(text).is_err(), "{text:?}");
        }
    }
}
