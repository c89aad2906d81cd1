//! Measured results: infectious markers of a few patients, one of them reactive, thromboelastograms, and enough maximum amplitudes for
//! the patient-based chart, of which the last run low.

use std::collections::BTreeSet;

use anyhow::Context;
use jiff::SignedDuration;
use lifeline_core::event::Event;
use lifeline_core::id::{AssayCode, ControlCode, LotId, MeasurementId, SampleId};
use lifeline_core::measured::{
    Draft, MeasuredEvent, RecordMeasurements, Reported, VerifyMeasurement,
};
use lifeline_core::quality::{Place, RecordControlRun, RunDraft};
use lifeline_core::sample::SampleState;

use crate::House;
use crate::quality::{KIT, measured};

/// Maximum amplitudes on record, two minutes apart.
const AMPLITUDES: i64 = 64;
/// The last of them run low.
const LOW: i64 = 16;
/// The last of them still wait for verification.
const WAITING: usize = 2;
/// The controls of the thromboelastograph were run this long ago, before the first value.
const EARLIER: SignedDuration = SignedDuration::from_hours(4);

/// The morning's controls, then the values; all at this moment where the clock cannot be put back.
pub(crate) async fn furnish(house: &House, shifted: bool) -> anyhow::Result<()> {
    controls(house, shifted).await?;
    let samples: Vec<SampleId> = house
        .desk
        .state()
        .samples
        .iter()
        .filter(|sample| sample.state == SampleState::Accepted && sample.expires > house.now())
        .map(|sample| sample.id.clone())
        .collect();
    markers(house, &samples).await?;
    let minutes = i64::from(shifted);
    elastograms(house, &samples, minutes).await?;
    amplitudes(house, &samples, minutes).await
}

async fn controls(house: &House, shifted: bool) -> anyhow::Result<()> {
    let earlier = if shifted {
        EARLIER
    } else {
        SignedDuration::ZERO
    };
    let ran = house.now() - earlier;
    for (code, low, high) in [
        ("teg-r", 6.4, 2.5),
        ("teg-k", 1.9, 4.1),
        ("teg-angle", 64.0, 38.5),
        ("teg-ma", 58.6, 33.5),
    ] {
        let levels = vec![
            measured("l1", "TEG-QC-26", low, 1)?,
            measured("l2", "TEG-QC-26", high, 1)?,
        ];
        run(house, code, BTreeSet::new(), levels, ran).await?;
    }
    let level = vec![measured("low", "ID-QC-26", 3.05, 2)?];
    let kit = [LotId::parse(KIT)?].into();
    run(house, "hbsag-sco", kit, level, house.now()).await
}

async fn run(
    house: &House,
    code: &str,
    lots: BTreeSet<LotId>,
    levels: Vec<lifeline_core::quality::Level>,
    ran: jiff::Timestamp,
) -> anyhow::Result<()> {
    let draft = RunDraft {
        control: ControlCode::parse(code)?,
        place: Place::Bench,
        lots,
        levels,
        ran,
        repeat: None,
    };
    house.by("chen", RecordControlRun { draft }).await?;
    Ok(())
}

fn draft(
    house: &House,
    sample: &SampleId,
    (assay, value): (&str, &str),
    lots: &[&str],
    ago: i64,
) -> anyhow::Result<Draft> {
    let lots: Result<BTreeSet<LotId>, _> = lots.iter().map(|lot| LotId::parse(lot)).collect();
    Ok(Draft {
        assay: AssayCode::parse(assay)?,
        sample: sample.clone(),
        value: Reported::parse(value)?,
        lots: lots?,
        read: house.now() - SignedDuration::from_mins(ago),
    })
}

/// Records values and gives their numbers.
async fn record(house: &House, drafts: Vec<Draft>) -> anyhow::Result<Vec<MeasurementId>> {
    let facts = house.by("chen", RecordMeasurements { drafts }).await?;
    Ok(facts
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Measured(MeasuredEvent::Recorded { measurement, .. }) => Some(*measurement),
            _ => None,
        })
        .collect())
}

async fn verify(house: &House, measurements: &[MeasurementId]) -> anyhow::Result<()> {
    for measurement in measurements {
        let verify = VerifyMeasurement {
            measurement: *measurement,
            version: 1,
        };
        house.by("wang", verify).await?;
    }
    Ok(())
}

/// HBsAg of five patients; the reactive one still waits for the second person.
async fn markers(house: &House, samples: &[SampleId]) -> anyhow::Result<()> {
    for (sample, value) in samples
        .iter()
        .zip(["0.21", "0.34", "6.85", "0.18", "<0.05"])
    {
        let drafts = vec![draft(house, sample, ("hbsag-sco", value), &[KIT], 0)?];
        let made = record(house, drafts).await?;
        if value != "6.85" {
            verify(house, &made).await?;
        }
    }
    Ok(())
}

/// Whole thromboelastograms of three patients, one with slow and weak clotting.
async fn elastograms(house: &House, samples: &[SampleId], minutes: i64) -> anyhow::Result<()> {
    let figures = [
        ["6.8", "1.7", "65.2", "61.4"],
        ["12.6", "4.9", "43.0", "44.1"],
        ["5.4", "1.4", "69.8", "66.0"],
    ];
    for (sample, values) in samples.iter().zip(figures) {
        let assays = ["teg-r", "teg-k", "teg-angle", "teg-ma"];
        let drafts: anyhow::Result<Vec<Draft>> = assays
            .into_iter()
            .zip(values)
            .map(|value| draft(house, sample, value, &[], 150 * minutes))
            .collect();
        let made = record(house, drafts?).await?;
        verify(house, &made).await?;
    }
    Ok(())
}

async fn amplitudes(house: &House, samples: &[SampleId], minutes: i64) -> anyhow::Result<()> {
    let mut made = Vec::new();
    let mut drafts = Vec::new();
    for place in 0..AMPLITUDES {
        // Scattered without chance: steps of 37 through a span of 9 mm.
        let scatter = (place * 37 % 91) - 45;
        let low = if place >= AMPLITUDES - LOW { 60 } else { 0 };
        let tenths = 600 + scatter - low;
        let value = format!("{}.{}", tenths / 10, tenths % 10);
        let index = usize::try_from(place)? % samples.len().max(1);
        let sample = samples.get(index).context("an accepted sample")?;
        let ago = (AMPLITUDES - 1 - place) * 2 * minutes;
        drafts.push(draft(house, sample, ("teg-ma", &value), &[], ago)?);
        if drafts.len() == 32 {
            made.extend(record(house, std::mem::take(&mut drafts)).await?);
        }
    }
    verify(house, &made[..made.len().saturating_sub(WAITING)]).await
}
