use std::collections::BTreeSet;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use lifeline_core::Timestamp;
use lifeline_core::blood::{Abo, BloodGroup, RhD};
use lifeline_core::device::{Observed, Problem, Trouble};
use lifeline_core::id::LotId;
use lifeline_core::testing::{Call, Interpretation, Reading, TestKind};
use lifeline_wire::profile::{DomainReading, Meaning, Observation, Status};

use super::measured::is_measured;

/// What a profile's reading says in the core's own terms: one [`Observed`] for each specimen and test, and everything that could
/// not be read. Controls are read by [`super::controls`], crossmatches by [`super::crossmatches`], numbers by [`super::measured`].
pub fn observed(reading: &DomainReading, offset: Offset) -> (Vec<Observed>, Vec<Problem>) {
    let mut tests: Vec<(String, Observed)> = Vec::new();
    let mut problems: Vec<Problem> = reading
        .problems
        .iter()
        .map(|problem| wrong(problem.at, Trouble::Unreadable(problem.reason.clone())))
        .collect();
    for observation in reading
        .observations
        .iter()
        .filter(|observation| !observation.qc && !is_measured(observation))
    {
        match one(observation) {
            Err(reason) => problems.push(wrong(observation.at, reason)),
            Ok(None) => {}
            Ok(Some((specimen, kind))) => {
                let key = observation.test.clone();
                let index = tests
                    .iter()
                    .position(|(test, known)| *test == key && known.specimen == specimen)
                    .unwrap_or_else(|| {
                        tests.push((key, blank(specimen, kind, observation)));
                        tests.len() - 1
                    });
                if let Some((_, test)) = tests.get_mut(index)
                    && let Err(reason) = add(test, observation, offset)
                {
                    problems.push(wrong(observation.at, reason));
                }
            }
        }
    }
    (tests.into_iter().map(|(_, test)| test).collect(), problems)
}

pub(super) fn wrong(at: usize, reason: Trouble) -> Problem {
    Problem {
        at: at as u64,
        reason,
        findings: Vec::new(),
    }
}

/// Whether a result is to be taken up: not where another one stands for it, nor before it is final, nor for a pool of samples.
pub(super) fn stands(observation: &Observation) -> Result<bool, Trouble> {
    let result = || observation.name.clone();
    match observation.status {
        Some(Status::Repeat) => return Ok(false),
        Some(Status::Preliminary | Status::Pending | Status::CannotBeDone) => {
            return Err(Trouble::NotFinal { result: result() });
        }
        _ => {}
    }
    if !observation.other_samples.is_empty() {
        return Err(Trouble::SeveralSamples { result: result() });
    }
    Ok(true)
}

/// The lots a result names.
pub(super) fn lots(observation: &Observation) -> Result<BTreeSet<LotId>, Trouble> {
    let lot = |text: &str| LotId::parse(text).map_err(|_| Trouble::BadLot { lot: text.into() });
    observation.lots.iter().map(|one| lot(&one.lot)).collect()
}

/// When a result was read, as far as the device says: its completion, else its start.
pub(super) fn read_at(
    observation: &Observation,
    offset: Offset,
) -> Result<Option<Timestamp>, Trouble> {
    let said = observation.completed.as_deref();
    said.or(observation.started.as_deref())
        .map(|text| moment(text, offset).ok_or_else(|| Trouble::BadTime { text: text.into() }))
        .transpose()
}

/// The specimen and kind an observation belongs to; nothing for a result that another one stands for.
fn one(observation: &Observation) -> Result<Option<(String, TestKind)>, Trouble> {
    if !stands(observation)? {
        return Ok(None);
    }
    let result = || observation.name.clone();
    let specimen = match (&observation.sample, &observation.unit) {
        (Some(_), Some(_)) => return Ok(None),
        (Some(id), None) | (None, Some(id)) => id.clone(),
        (None, None) => {
            return Err(Trouble::NoSpecimen { result: result() });
        }
    };
    let kind = TestKind::parse(&observation.test).ok_or_else(|| Trouble::NoTest {
        result: result(),
        test: observation.test.clone(),
    })?;
    Ok(Some((specimen, kind)))
}

fn blank(specimen: String, kind: TestKind, observation: &Observation) -> Observed {
    Observed {
        specimen,
        kind,
        readings: Vec::new(),
        stated: None,
        lots: BTreeSet::new(),
        read: None,
        edited: false,
        operator: observation.operator.clone(),
        at: observation.at as u64,
    }
}

fn add(test: &mut Observed, observation: &Observation, offset: Offset) -> Result<(), Trouble> {
    test.edited |= observation.edited;
    test.lots.extend(lots(observation)?);
    if let Some(at) = read_at(observation, offset)? {
        test.read = Some(at);
    }
    match (
        observation.well,
        observation.grade,
        observation.means,
        observation.value.as_deref(),
    ) {
        (Some(well), Some(grade), ..) => test.readings.push(Reading { well, grade }),
        (_, _, Some(means), Some(value)) => {
            let stated = stated(means, value, test.stated.take()).ok_or_else(|| {
                Trouble::BadInterpretation {
                    value: value.into(),
                }
            })?;
            test.stated = Some(stated);
        }
        _ => {
            return Err(Trouble::NoReading {
                result: observation.name.clone(),
            });
        }
    }
    Ok(())
}

fn stated(means: Meaning, value: &str, before: Option<Interpretation>) -> Option<Interpretation> {
    let group = |new_abo: Option<Abo>, new_rhd: Option<RhD>| {
        let (abo, rhd) = match before {
            Some(Interpretation::Group { abo, rhd }) => (abo, rhd),
            _ => (None, None),
        };
        Some(Interpretation::Group {
            abo: new_abo.or(abo),
            rhd: new_rhd.or(rhd),
        })
    };
    let call = |value: &str| {
        Some(match value {
            "positive" => Call::Positive,
            "negative" => Call::Negative,
            "indeterminate" => Call::Indeterminate,
            _ => return None,
        })
    };
    match means {
        Meaning::Group => BloodGroup::parse(value)
            .ok()
            .and_then(|g| group(Some(g.abo), Some(g.rhd))),
        Meaning::Abo => Abo::parse(value).and_then(|abo| group(Some(abo), None)),
        Meaning::Rhd => [RhD::Positive, RhD::Negative, RhD::Weak]
            .into_iter()
            .find(|rhd| rhd.sign() == value)
            .and_then(|rhd| group(None, Some(rhd))),
        Meaning::Screen => call(value).map(Interpretation::Screen),
        Meaning::Dat => call(value).map(Interpretation::Dat),
        Meaning::Crossmatch => None,
    }
}

/// `YYYYMMDDHHMMSS` (seconds optional) on the device's clock, which shows the site's time.
fn moment(text: &str, offset: Offset) -> Option<Timestamp> {
    let digits = text.trim();
    let format = match digits.len() {
        14 => "%Y%m%d%H%M%S",
        12 => "%Y%m%d%H%M",
        _ => return None,
    };
    offset
        .to_timestamp(DateTime::strptime(format, digits).ok()?)
        .ok()
}
