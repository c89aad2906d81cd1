//! The invariants. They are told from the state and from what is really so, never by asking the rules that are under test.

mod blood;
mod quality;
mod recount;
mod unit;

#[cfg(test)]
pub(crate) use blood::lethal;
pub(crate) use recount::recount;

use lifeline_core::crossmatch::CrossmatchEvent;
use lifeline_core::event::Event;
use lifeline_core::finding::Refusal;
use lifeline_core::hospital::{Hospital, Stamp};
use lifeline_core::measured::MeasuredEvent;
use lifeline_core::subject::Subject;
use lifeline_core::testing::TestEvent;

use crate::report::Report;
use crate::world::World;

/// An invariant that did not hold.
#[derive(Debug)]
pub(crate) struct Broken {
    pub invariant: &'static str,
    pub found: String,
}

impl Broken {
    pub(crate) fn new(invariant: &'static str, found: impl Into<String>) -> Self {
        Self {
            invariant,
            found: found.into(),
        }
    }
}

/// Counts the look, and says what was found where it does not hold.
pub(crate) fn holds(
    report: &mut Report,
    invariant: &'static str,
    good: bool,
    found: impl FnOnce() -> String,
) -> Result<(), Broken> {
    report.count(invariant);
    if good {
        Ok(())
    } else {
        Err(Broken::new(invariant, found()))
    }
}

/// A refusal says why, each time with a rule.
pub(crate) fn refusal(refusal: &Refusal, report: &mut Report) -> Result<(), Broken> {
    holds(
        report,
        "a refusal names its findings",
        !refusal.findings.is_empty(),
        || "a refusal without a finding".into(),
    )
}

/// What is written is what is read.
pub(crate) fn round_trip(event: &Event, report: &mut Report) -> Result<(), Broken> {
    let name = "every fact is read back as written";
    let read = event
        .encode()
        .and_then(|body| Event::decode(event.kind(), Event::VERSION, &body))
        .map_err(|error| Broken::new(name, error.to_string()))?;
    holds(report, name, read == *event, || {
        format!("{event:?}\n{read:?}")
    })
}

/// Everything one fact touched.
pub(crate) fn event(
    before: &Hospital,
    world: &World,
    stamp: &Stamp,
    event: &Event,
    report: &mut Report,
) -> Result<(), Broken> {
    let after = &world.hospital;
    holds(
        report,
        "the state counts its facts",
        after.seq == stamp.seq,
        || format!("{} after fact {}", after.seq, stamp.seq),
    )?;
    match event {
        Event::Audit(_) => return Ok(()),
        Event::Issue(fact) => blood::issue(before, world, stamp, fact, report)?,
        Event::Test(fact) => {
            verified(before, stamp, fact, report)?;
            if let TestEvent::Verified { test, .. } = fact
                && let Some(test) = before.tests.get(*test)
            {
                quality::test(world, before, test, report)?;
            }
        }
        Event::Crossmatch(fact) => {
            blood::crossmatch(before, stamp, fact, report)?;
            if let CrossmatchEvent::Reviewed { crossmatch, .. } = fact
                && let Some(found) = before.crossmatches.get(*crossmatch)
            {
                quality::crossmatch(world, before, found, report)?;
            }
        }
        Event::Measured(MeasuredEvent::Verified { measurement, .. }) => {
            let Some(one) = before.measurements.get(*measurement) else {
                return Err(Broken::new(
                    "what is verified exists",
                    measurement.to_string(),
                ));
            };
            let entered = one.latest().map(|version| &version.entered.by);
            holds(
                report,
                "no measured result is released by whoever entered it",
                entered.is_some_and(|by| *by != stamp.by),
                || format!("{measurement} entered and verified by {}", stamp.by),
            )?;
            quality::measured(world, before, one, report)?;
        }
        Event::Unit(fact) => unit::fact(before, after, stamp, fact, report)?,
        _ => {}
    }
    for subject in event.subjects() {
        if let Subject::Unit(id) = subject {
            unit::changed(before, after, &id, event, report)?;
            unit::stands(after, &id, report)?;
        }
    }
    Ok(())
}

/// No result is released by whoever entered it, nor without all its wells saying one thing.
fn verified(
    before: &Hospital,
    stamp: &Stamp,
    fact: &TestEvent,
    report: &mut Report,
) -> Result<(), Broken> {
    use lifeline_core::blood::Grade;
    use lifeline_core::testing::{Interpretation, Origin, TestState, Well};
    let TestEvent::Verified { test: id, .. } = fact else {
        return Ok(());
    };
    let Some(test) = before.tests.get(*id) else {
        return Err(Broken::new("what is verified exists", id.to_string()));
    };
    let latest = test.latest();
    holds(
        report,
        "no result is released by whoever entered it",
        latest.is_some_and(|version| version.entered.by != stamp.by),
        || format!("{id} entered and verified by {}", stamp.by),
    )?;
    let own_hand = latest.is_some_and(|version| match &version.origin {
        Origin::Bench => false,
        Origin::Device {
            edited, operator, ..
        } => *edited && operator.as_deref() == Some(stamp.by.as_str()),
    });
    holds(
        report,
        "no edited reading is released by whoever edited it",
        !own_hand,
        || format!("{id} edited and verified by {}", stamp.by),
    )?;
    holds(
        report,
        "a result is released once",
        test.state == TestState::Entered,
        || format!("{id} was {:?}", test.state),
    )?;
    let reacted = latest.is_some_and(|version| {
        version.readings.iter().any(|reading| {
            matches!(reading.well, Well::Control | Well::DatControl)
                && reading.grade != Grade::Negative
        })
    });
    holds(
        report,
        "no result is released on a failed control",
        !reacted,
        || format!("{id}"),
    )?;
    let typeless = latest.is_some_and(|version| {
        matches!(
            version.interpretation,
            Interpretation::Group { abo: None, .. }
        )
    });
    holds(
        report,
        "no group is released that the wells do not say",
        !typeless,
        || format!("{id}"),
    )
}
