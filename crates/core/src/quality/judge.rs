//! The verdict on reactions: the grade of every well within its tolerance, the interpretation exactly.

use super::{Because, Control, GradedLevel, Place, Shown, Verdict};
use crate::blood::Grade;
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::id::RunId;
use crate::policy::Key;
use crate::testing::{Reading, Strengths, Well, interpret};

/// How strong a reaction is in steps of the scale; mixed fields and haemolysis are on no scale.
pub fn score(grade: Grade) -> Option<i8> {
    Some(match grade {
        Grade::Negative => 0,
        Grade::Weak => 1,
        Grade::One => 2,
        Grade::Two => 3,
        Grade::Three => 4,
        Grade::Four => 5,
        Grade::MixedField | Grade::Haemolysis => return None,
    })
}

/// Whether a grade is what was expected: negative exactly, positive within the steps and never negative, off the scale only
/// where that itself is expected.
fn fits(expected: Grade, within: u8, got: Grade) -> bool {
    match (score(expected), score(got)) {
        (Some(0), Some(got)) => got == 0,
        (Some(expected), Some(got)) => got > 0 && got.abs_diff(expected) <= within,
        _ => expected == got,
    }
}

/// Judges one level's reactions.
pub(super) fn graded(
    hospital: &Hospital,
    control: &Control,
    place: &Place,
    level: &GradedLevel,
    readings: &[Reading],
    ran: jiff::Timestamp,
) -> Result<(Verdict, Vec<Because>), Finding> {
    let mut because = Vec::new();
    for well in &level.wells {
        let got = readings.iter().find(|reading| reading.well == well.well);
        if let Some(got) = got.filter(|got| !fits(well.grade, well.within, got.grade)) {
            because.push(Because::Well {
                well: well.well,
                expected: well.grade,
                within: well.within,
                got: got.grade,
            });
        }
    }
    if let (Some(kind), Some(expect)) = (level.kind, &level.expect) {
        let got = interpret(kind, readings, Strengths::in_force(hospital, ran)?);
        if got != *expect {
            because.push(Because::Interpretation {
                expected: expect.to_string(),
                got: got.to_string(),
            });
        }
    }
    if !because.is_empty() {
        return Ok((Verdict::Rejected, because));
    }
    let most = hospital.policies.count(Key::DriftRuns, ran)?;
    for well in &level.wells {
        let runs = drift(hospital, control, place, (level, well.well), readings, ran);
        if most > 0 && i64::from(runs) >= most {
            because.push(Because::Drift {
                well: well.well,
                runs,
            });
        }
    }
    let verdict = if because.is_empty() {
        Verdict::Accepted
    } else {
        Verdict::Warning
    };
    Ok((verdict, because))
}

/// The longest drift that is counted.
const DRIFT_MOST: usize = 60;

/// In how many runs in a row, these readings included, a well was weaker than its target.
pub fn drift(
    hospital: &Hospital,
    control: &Control,
    place: &Place,
    (level, well): (&GradedLevel, Well),
    readings: &[Reading],
    ran: jiff::Timestamp,
) -> u32 {
    let Some(target) = level
        .wells
        .iter()
        .find(|expected| expected.well == well)
        .and_then(|expected| score(expected.grade))
    else {
        return 0;
    };
    let weaker = |readings: &[Reading]| {
        readings
            .iter()
            .find(|reading| reading.well == well)
            .and_then(|reading| score(reading.grade))
            .is_some_and(|got| got < target)
    };
    if !weaker(readings) {
        return 0;
    }
    let from = (
        control.code.clone(),
        place.clone(),
        jiff::Timestamp::MIN,
        RunId(0),
    );
    let to = (control.code.clone(), place.clone(), ran, RunId(0));
    let quality = &hospital.quality;
    let earlier = quality
        .by_stream
        .range(from..to)
        .rev()
        .take(DRIFT_MOST)
        .filter_map(|(_, _, _, id)| quality.run(*id))
        .filter_map(|run| match &run.level(&level.level)?.shown {
            Shown::Graded(readings) => Some(readings.as_slice()),
            Shown::Measured(_) => None,
        })
        .take_while(|readings| weaker(readings))
        .count();
    u32::try_from(earlier).unwrap_or(u32::MAX).saturating_add(1)
}
