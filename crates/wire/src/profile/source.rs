//! Where a path leads, seen from one result.

use super::path::Path;
use crate::astm::lis2::{self, Kind, Record};
use crate::hl7::{self, Segment};

/// A text and where it stands in the message.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub text: String,
    pub at: usize,
}

/// A result with everything around it.
#[derive(Clone, Copy)]
pub(super) enum Source<'m> {
    Astm(Record<'m>),
    Hl7 {
        message: &'m hl7::Message<'m>,
        segment: Segment<'m>,
    },
}

impl<'m> Source<'m> {
    pub(super) fn at(&self) -> usize {
        match self {
            Self::Astm(record) => record.at(),
            Self::Hl7 { segment, .. } => segment.at(),
        }
    }

    /// The text at a path, trimmed; nothing when it is empty. Of several records, the first with text counts.
    pub(super) fn get(&self, path: &Path) -> Option<Found> {
        self.records(path)
            .into_iter()
            .find_map(|r| r.field(path).into_iter().find(|f| !f.text.is_empty()))
    }

    /// The texts of all repeats of the field, on all records.
    pub(super) fn all(&self, path: &Path) -> Vec<Found> {
        self.records(path)
            .iter()
            .flat_map(|r| r.field(path))
            .filter(|f| !f.text.is_empty())
            .collect()
    }

    /// The offset of the record an order path stands on; results of one order share it.
    pub(super) fn record_at(&self, path: &Path) -> Option<usize> {
        self.records(path).first().map(Source::at)
    }

    /// The records of the path's type that belong to this result.
    pub(super) fn records(&self, path: &Path) -> Vec<Source<'m>> {
        match self {
            Self::Astm(record) => astm_records(*record, &path.record)
                .into_iter()
                .map(Source::Astm)
                .collect(),
            Self::Hl7 { message, segment } => {
                let segments = hl7_segments(message, *segment, &path.record);
                segments
                    .into_iter()
                    .map(|segment| Source::Hl7 { message, segment })
                    .collect()
            }
        }
    }

    fn field(&self, path: &Path) -> Vec<Found> {
        let whole = path.component.is_none() && path.repeat.is_none();
        let found = |text: std::borrow::Cow<'_, str>, at: usize| Found {
            text: text.trim().to_owned(),
            at,
        };
        match self {
            Self::Astm(record) => {
                let field = record.field(path.field);
                if whole {
                    return vec![found(field.text(), field.at())];
                }
                let part = |f: lis2::Field<'m>| path.component.map_or(f, |n| f.component(n));
                repeats(field.repeats(), path.repeat)
                    .map(part)
                    .map(|f| found(f.text(), f.at()))
                    .collect()
            }
            Self::Hl7 { segment, .. } => {
                let field = segment.field(path.field);
                if whole {
                    return vec![found(field.text(), field.at())];
                }
                let part = |f: hl7::Field<'m>| {
                    let component = path.component.map_or(f, |n| f.component(n));
                    path.subcomponent
                        .map_or(component, |n| component.subcomponent(n))
                };
                repeats(field.repeats(), path.repeat)
                    .map(part)
                    .map(|f| found(f.text(), f.at()))
                    .collect()
            }
        }
    }
}

fn repeats<T>(all: impl Iterator<Item = T>, wanted: Option<usize>) -> impl Iterator<Item = T> {
    let (skip, take) = wanted.map_or((0, usize::MAX), |n| (n.saturating_sub(1), 1));
    all.skip(skip).take(take)
}

/// The record itself, the one above it, or those below it.
fn astm_records<'m>(record: Record<'m>, letter: &str) -> Vec<Record<'m>> {
    let is = |r: &Record<'m>| letter.chars().eq([r.kind().letter()]);
    if is(&record) {
        return vec![record];
    }
    let mut above = record.parent();
    while let Some(r) = above {
        if is(&r) {
            return vec![r];
        }
        above = r.parent();
    }
    let below: Vec<_> = record.children().filter(is).collect();
    // What stands under the order belongs to all its results (the donor of a crossmatch).
    if below.is_empty() && letter == "C" {
        return record
            .ancestor(Kind::Order)
            .map(|o| o.children().filter(is).collect())
            .unwrap_or_default();
    }
    below
}

/// The segment itself, or those that belong to it by the structure of the message.
fn hl7_segments<'m>(
    message: &'m hl7::Message<'m>,
    segment: Segment<'m>,
    name: &str,
) -> Vec<Segment<'m>> {
    if segment.name() == name {
        return vec![segment];
    }
    let here = segment.index();
    let before = |name: &str| {
        message
            .segments()
            .take(here)
            .filter(|s| s.name() == name)
            .last()
    };
    match name {
        "MSH" => message.first("MSH").into_iter().collect(),
        // Notes and reagents follow their observation.
        "NTE" | "TCD" => following(segment, name),
        // What stands under the specimen or its container is the material of a control.
        "INV" => {
            let own = following(segment, name);
            if own.is_empty() {
                before("SPM")
                    .map(|specimen| {
                        specimen
                            .until(&["OBR", "SPM", "PID"])
                            .filter(|s| s.name() == name)
                            .collect()
                    })
                    .unwrap_or_default()
            } else {
                own
            }
        }
        "SPM" | "SAC" if !message.kind().0.starts_with("OU") => {
            // Patient-centred messages send the specimen after the observations of its order.
            let order = before("OBR").map_or(segment, |o| o);
            let in_group: Vec<_> = order
                .until(&["OBR", "PID"])
                .filter(|s| s.name() == name)
                .collect();
            let mut all = message.segments().filter(|s| s.name() == name);
            match (in_group.is_empty(), all.next(), all.next()) {
                (false, ..) => in_group,
                // A single specimen can belong to nothing else.
                (true, Some(only), None) => vec![only],
                _ => Vec::new(),
            }
        }
        _ => before(name).into_iter().collect(),
    }
}

/// The segments under an observation.
fn following<'m>(segment: Segment<'m>, name: &str) -> Vec<Segment<'m>> {
    segment
        .until(&["OBX", "OBR", "SPM", "ORC", "PID"])
        .filter(|s| s.name() == name)
        .collect()
}
