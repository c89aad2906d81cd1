use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lifeline_core::blood::RhD;
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::sample::Sample;
use lifeline_core::subject::Subject;
use lifeline_core::testing::{TestKind, TestState};
use lifeline_core::unit::Regroup;

use crate::app::App;
use crate::pages::blood;
use crate::pages::results::SampleLine;
use crate::pages::sheet::part;
use crate::web::components::{GroupMark, Moment};
use crate::web::words::subject_address;
use crate::web::{Frame, PageError, Visit, render};

/// The most lines of each list.
const LINES_MOST: usize = 100;

struct SampleWork {
    line: SampleLine,
    todo: Vec<(String, String)>,
}

struct UnitWork {
    unit: String,
    href: String,
    mark: GroupMark,
    component: String,
    expires: Moment,
    place: String,
    enter: String,
    kind: String,
}

#[derive(Template)]
#[template(path = "bench/worklist.html")]
struct WorklistPage {
    waiting: usize,
    suspect: usize,
    samples: Vec<SampleWork>,
    units: Vec<UnitWork>,
    may_record: bool,
    frame: Frame,
}

/// `GET /bench`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let samples = hospital
        .samples
        .expiring(frame.now)
        .filter_map(|sample| sample_work(&frame, &hospital, sample))
        .take(LINES_MOST)
        .collect();
    Ok(render(&WorklistPage {
        waiting: hospital.tests.pending().count() + hospital.measurements.pending().count(),
        suspect: hospital.samples.suspect().count(),
        samples,
        units: units(&frame, &hospital),
        may_record: app.may(&visit, Action::TestRecord),
        frame,
    }))
}

/// A sample without a group or a screen, with what is still to be entered.
fn sample_work(frame: &Frame, hospital: &Hospital, sample: &Sample) -> Option<SampleWork> {
    let done = |wanted: &[TestKind]| {
        sample
            .tests
            .iter()
            .filter_map(|id| hospital.tests.get(*id))
            .any(|test| test.state != TestState::Invalidated && wanted.contains(&test.kind))
    };
    let missing = [
        (
            TestKind::Group,
            &[TestKind::Group, TestKind::ForwardGroup][..],
        ),
        (TestKind::Screen, &[TestKind::Screen][..]),
    ];
    let todo: Vec<(String, String)> = missing
        .into_iter()
        .filter(|(_, kinds)| !done(kinds))
        .map(|(kind, _)| {
            let href = format!(
                "/bench/enter?kind={}&sample={}",
                kind.as_str(),
                part(sample.id.as_str())
            );
            (href, frame.t.m(&format!("test-short-{}", kind.as_str())))
        })
        .collect();
    (!todo.is_empty()).then(|| SampleWork {
        line: SampleLine::of(frame, hospital, sample),
        todo,
    })
}

/// Bags that wait for our own test of their group, soonest to expire first.
fn units(frame: &Frame, hospital: &Hospital) -> Vec<UnitWork> {
    let mut waiting: Vec<_> = hospital
        .units
        .shelf()
        .filter(|unit| unit.regroup == Regroup::Awaited)
        .collect();
    waiting.sort_by_key(|unit| unit.expires);
    waiting
        .into_iter()
        .take(LINES_MOST)
        .map(|unit| {
            let kind = if unit.group.rhd == Some(RhD::Negative) {
                TestKind::ForwardGroup
            } else {
                TestKind::AboForward
            };
            UnitWork {
                unit: unit.id.to_string(),
                href: subject_address(&Subject::from(unit.id).to_string()),
                mark: unit.group.into(),
                component: blood::component(frame, unit.component),
                expires: frame.moment(unit.expires),
                place: unit.location.to_string(),
                enter: format!(
                    "/bench/enter?kind={}&unit={}",
                    kind.as_str(),
                    part(&unit.id.to_string())
                ),
                kind: frame.t.m(&format!("test-short-{}", kind.as_str())),
            }
        })
        .collect()
}
