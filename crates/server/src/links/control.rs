use jiff::tz::Offset;
use lifeline_core::device::{ControlShown, ObservedControl, Problem, Trouble};
use lifeline_core::testing::Reading;
use lifeline_wire::profile::{ControlRule, DomainReading, Observation, Profile};
use lifeline_wire::value::Value;

use super::read::{lots, read_at, stands, wrong};

/// The controls of a reading: one for each level of each control, and everything that could not be read of them.
pub fn controls(
    profile: &Profile,
    reading: &DomainReading,
    offset: Offset,
) -> (Vec<ObservedControl>, Vec<Problem>) {
    let mut found: Vec<ObservedControl> = Vec::new();
    let mut problems: Vec<Problem> = Vec::new();
    for observation in reading.observations.iter().filter(|one| one.qc) {
        let taken = match &profile.control {
            Some(rule) => level(rule, &mut found, observation, offset),
            // Said once for each control, not for each of its wells.
            None if problems
                .iter()
                .any(|known| same_sample(known, reading, observation)) =>
            {
                Ok(())
            }
            None => Err(Trouble::NoControls {
                result: named(observation),
            }),
        };
        if let Err(trouble) = taken {
            problems.push(wrong(observation.at, trouble));
        }
    }
    (found, problems)
}

fn same_sample(known: &Problem, reading: &DomainReading, observation: &Observation) -> bool {
    reading
        .observations
        .iter()
        .find(|one| one.at as u64 == known.at)
        .is_some_and(|one| one.qc && one.sample == observation.sample)
}

fn named(observation: &Observation) -> String {
    observation
        .sample
        .clone()
        .unwrap_or_else(|| observation.name.clone())
}

/// Takes up one result: a well of a level, a number, or the device's own verdict, which the control's rules decide anew.
fn level(
    rule: &ControlRule,
    found: &mut Vec<ObservedControl>,
    observation: &Observation,
    offset: Offset,
) -> Result<(), Trouble> {
    if !stands(observation)? {
        return Ok(());
    }
    let other_part = observation
        .aspect
        .as_ref()
        .is_some_and(|aspect| *aspect != rule.aspect);
    if other_part || observation.means.is_some() {
        return Ok(());
    }
    let called = observation.control.clone().unwrap_or_default();
    let mut one = ObservedControl {
        named: named(observation),
        control: rule.code(&observation.name, &observation.test).to_owned(),
        level: called.level,
        material: called.lot,
        shown: ControlShown::Graded(Vec::new()),
        lots: lots(observation)?,
        read: read_at(observation, offset)?,
        edited: observation.edited,
        operator: observation.operator.clone(),
        apart: rule.levels_apart,
        at: observation.at as u64,
    };
    match (observation.well, observation.grade, &observation.typed) {
        (Some(well), Some(grade), _) => {
            let known = found.iter_mut().rev().find(|known| {
                (&known.named, &known.control, &known.level, &known.material)
                    == (&one.named, &one.control, &one.level, &one.material)
            });
            match known {
                Some(ObservedControl {
                    shown: ControlShown::Graded(readings),
                    lots,
                    read,
                    edited,
                    ..
                }) if !readings.iter().any(|known| known.well == well) => {
                    readings.push(Reading { well, grade });
                    lots.extend(one.lots);
                    *read = (*read).max(one.read);
                    *edited |= one.edited;
                }
                // The same well once more begins the level anew: it was run twice.
                _ => {
                    one.shown = ControlShown::Graded(vec![Reading { well, grade }]);
                    found.push(one);
                }
            }
        }
        (None, _, Some(value)) => {
            one.shown = ControlShown::Measured(match value {
                Value::Number { digits } => digits.clone(),
                _ => observation.sent.clone(),
            });
            found.push(one);
        }
        _ => {
            return Err(Trouble::NoReading {
                result: observation.name.clone(),
            });
        }
    }
    Ok(())
}
