//! A whole series at once: rows with names, as a file or a chart has them.

use serde::Serialize;

use crate::Decimal;
use crate::engine::{Engine, Reading, Status, Verdict};
use crate::limits::{Limits, LimitsError};
use crate::profile::{Change, R4s, RuleProfile, RunOrder, Severity};
use crate::rule::{Rule, Scope};
use crate::state::Group;

/// Most control materials that are judged together.
pub const MATERIALS_MOST: usize = 64;

/// One control point of a series, in time order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// Name of the run; rows of one run follow one another.
    pub run: &'a str,
    /// Name of the control material. Levels are numbered as they first appear.
    pub material: &'a str,
    /// The reading.
    pub value: Decimal,
    /// The limits in force for it.
    pub limits: Limits,
}

/// A row's verdict, its windows given as places in the series from 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// Standard deviations from the mean, for display.
    pub z: f64,
    /// Every broken rule.
    pub violations: Vec<Found>,
    /// Accept, warning, reject.
    pub status: Status,
    /// The limits of the material changed before this row, and what that ended is decided by the profile.
    pub new_limits: bool,
}

/// A broken rule with its rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The rule.
    pub rule: Rule,
    /// Among which points.
    pub scope: Scope,
    /// What follows.
    pub severity: Severity,
    /// Which reading of R-4s fired.
    pub r4s: Option<R4s>,
    /// All rows of the window, oldest first.
    pub rows: Vec<usize>,
}

/// Why a series cannot be judged; nothing of it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {}: {cause}", row + 1)]
pub struct SeriesError {
    /// Place of the row, from 0.
    pub row: usize,
    /// What is wrong with it.
    pub cause: SeriesCause,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesCause {
    /// It stands too far from its limits to be compared exactly.
    #[error("value: {0}")]
    Limits(#[from] LimitsError),
    /// Its run was over already.
    #[error("run: {0:?} has rows before other runs and after them; rows must stand in time order")]
    RunTwice(String),
    /// More control materials than [`MATERIALS_MOST`].
    #[error("material: more than {MATERIALS_MOST} control materials are not judged together")]
    Materials,
}

/// Judges a series in one group. A material whose limits change is told to the engine as [`Change::Limits`].
///
/// # Errors
/// See [`SeriesCause`].
pub fn evaluate(profile: &RuleProfile, rows: &[Row<'_>]) -> Result<Vec<Judged>, SeriesError> {
    let engine = Engine::new(profile);
    let mut group = Group::new();
    let mut materials: Vec<Material<'_>> = Vec::new();
    let mut over = std::collections::BTreeSet::new();
    let mut numbers: Vec<usize> = Vec::new();
    let mut judged: Vec<(usize, Judged)> = Vec::with_capacity(rows.len());
    let mut first = 0;
    for (number, run) in (1_u32..).zip(rows.chunk_by(|a, b| a.run == b.run)) {
        let name = run.first().map_or("", |row| row.run);
        let wrong = |place: usize, cause: SeriesCause| SeriesError {
            row: first + place,
            cause,
        };
        if !over.insert(name) {
            return Err(wrong(0, SeriesCause::RunTwice(name.to_owned())));
        }
        let mut points = Vec::with_capacity(run.len());
        for (place, row) in run.iter().enumerate() {
            let at = row.limits.place(row.value);
            let at = at.map_err(|cause| wrong(place, cause.into()))?;
            let known = materials
                .iter()
                .position(|known| known.name == row.material);
            let level = known.unwrap_or(materials.len());
            if known.is_none() {
                materials.push(Material::new(row));
            }
            let number = u8::try_from(level).ok().filter(|_| level < MATERIALS_MOST);
            let level = number.ok_or_else(|| wrong(place, SeriesCause::Materials))?;
            let material = materials.get_mut(usize::from(level));
            let new_limits = material.is_some_and(|known| known.meets(row.limits));
            points.push(Point {
                row: first + place,
                reading: Reading { level, at },
                new_limits,
            });
        }
        // Limits that change twice in one run part it; the first change is told before the run, so that the run stays one.
        for part in parts(&points) {
            for point in part.iter().filter(|point| point.new_limits) {
                engine.change(&mut group, Change::Limits, Some(point.reading.level));
            }
            let readings: Vec<Reading> = part.iter().map(|point| point.reading).collect();
            let verdicts = engine.step(&mut group, number, &readings);
            let mut turns: Vec<(&Point, Verdict)> = part.iter().zip(verdicts).collect();
            if profile.run_order == RunOrder::Levels {
                turns.sort_by_key(|(point, _)| point.reading.level);
            }
            for (point, verdict) in turns {
                keep(&mut numbers, verdict.in_group, point.row);
                if let Some(material) = materials.get_mut(usize::from(point.reading.level)) {
                    keep(&mut material.rows, verdict.in_material, point.row);
                    judged.push((point.row, named(verdict, material, &numbers, point)));
                }
            }
        }
        first += run.len();
    }
    judged.sort_by_key(|(row, _)| *row);
    Ok(judged.into_iter().map(|(_, judged)| judged).collect())
}

struct Point {
    row: usize,
    reading: Reading,
    new_limits: bool,
}

/// The points of a run up to each further change of a material's limits.
fn parts(points: &[Point]) -> Vec<&[Point]> {
    let mut parts = Vec::new();
    let mut from = 0;
    for (place, point) in points.iter().enumerate() {
        let part = points.get(from..place).unwrap_or_default();
        let again = |other: &Point| other.reading.level == point.reading.level;
        if point.new_limits && part.iter().any(again) {
            parts.push(part);
            from = place;
        }
    }
    parts.push(points.get(from..).unwrap_or_default());
    parts
}

struct Material<'a> {
    name: &'a str,
    limits: Limits,
    /// Rows by their number in the material's stream.
    rows: Vec<usize>,
}

impl<'a> Material<'a> {
    fn new(row: &Row<'a>) -> Self {
        Self {
            name: row.material,
            limits: row.limits,
            rows: Vec::new(),
        }
    }

    /// Takes limits over and tells whether they differ.
    fn meets(&mut self, limits: Limits) -> bool {
        std::mem::replace(&mut self.limits, limits) != limits
    }
}

/// Numbers count from 1; the latest row that has one holds it.
fn keep(rows: &mut Vec<usize>, number: u32, row: usize) {
    let place = (number as usize).saturating_sub(1);
    match rows.get_mut(place) {
        Some(held) => *held = row,
        None => rows.resize(place + 1, row),
    }
}

fn named(verdict: Verdict, material: &Material<'_>, all: &[usize], point: &Point) -> Judged {
    let found = verdict.violations.into_iter().map(|violation| {
        let rows = match violation.scope {
            Scope::WithinMaterial => material.rows.as_slice(),
            Scope::AcrossMaterials | Scope::Run => all,
        };
        let row_of = |number: &u32| rows.get((*number as usize).checked_sub(1)?).copied();
        Found {
            rule: violation.rule,
            scope: violation.scope,
            severity: violation.severity,
            r4s: violation.r4s,
            rows: violation.window.iter().filter_map(row_of).collect(),
        }
    });
    Judged {
        z: verdict.z,
        violations: found.collect(),
        status: verdict.status,
        new_limits: point.new_limits,
    }
}
