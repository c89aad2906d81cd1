use jiff::tz::Offset;
use lifeline_core::device::{ObservedMeasurement, Problem, Trouble};
use lifeline_wire::profile::{DomainReading, Observation, Profile};
use lifeline_wire::value::{Comparator, Value};

use super::read::{lots, read_at, stands, wrong};

/// The part of a measurement that is its value, where a profile does not say otherwise for its controls.
const VALUE: &str = "value";

/// The measured values of patients' samples, and everything that could not be read of them.
pub fn measured(
    profile: &Profile,
    reading: &DomainReading,
    offset: Offset,
) -> (Vec<ObservedMeasurement>, Vec<Problem>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for observation in reading.observations.iter().filter(|one| is_measured(one)) {
        match one(profile, observation, offset) {
            Ok(value) => found.extend(value),
            Err(trouble) => problems.push(wrong(observation.at, trouble)),
        }
    }
    (found, problems)
}

/// Whether a result is a measurement in a patient's sample.
pub(super) fn is_measured(observation: &Observation) -> bool {
    !observation.qc && observation.typed.is_some()
}

fn one(
    profile: &Profile,
    observation: &Observation,
    offset: Offset,
) -> Result<Option<ObservedMeasurement>, Trouble> {
    if !stands(observation)? {
        return Ok(None);
    }
    let Some(specimen) = observation.sample.clone() else {
        return Err(Trouble::NoTest {
            result: observation.name.clone(),
            test: observation.test.clone(),
        });
    };
    let charted = profile
        .control
        .as_ref()
        .map_or(VALUE, |rule| rule.aspect.as_str());
    if observation
        .aspect
        .as_ref()
        .is_some_and(|aspect| aspect != charted)
    {
        return Ok(None);
    }
    let value = match &observation.typed {
        Some(Value::Number { digits }) => digits.clone(),
        Some(Value::Bound { comparator, digits }) => {
            let sign = match comparator {
                Comparator::Less => "<",
                Comparator::AtMost => "<=",
                Comparator::Greater => ">",
                Comparator::AtLeast => ">=",
            };
            format!("{sign}{digits}")
        }
        _ => observation.sent.clone(),
    };
    Ok(Some(ObservedMeasurement {
        specimen,
        assay: observation.test.clone(),
        value,
        unit: observation.units.clone(),
        lots: lots(observation)?,
        read: read_at(observation, offset)?,
        edited: observation.edited,
        operator: observation.operator.clone(),
        at: observation.at as u64,
    }))
}
