//! The furnished demonstration, gone on with as far as a test needs it.

use lifeline_core::blood::Grade;
use lifeline_core::command::Command;
use lifeline_core::crossmatch::{
    RecordCrossmatch, ReserveUnit, ReviewCrossmatch, Side, candidates,
};
use lifeline_core::id::{LocationId, LotId, PatientNumber};
use lifeline_core::issue::IssueUnit;
use lifeline_core::request::AcceptRequest;
use lifeline_core::unit::Appearance;
use lifeline_server::app::App;
use lifeline_server::clock::Clock;
use lifeline_server::desk::{Outcome, Submission};
use lifeline_server::serve::{Config, open};

use crate::support::{Folder, bench, user};

/// Has a command carried out.
pub async fn give(app: &App, by: &str, second: Option<&str>, command: impl Into<Command>) {
    let mut submission = Submission::new(command, user(by), bench());
    submission.second = second.map(user);
    let outcome = app.desk.submit(submission).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

/// The demonstration, with a bag crossmatched and reviewed for its first request that may have one, and the command that hands it
/// over.
pub async fn ready_to_issue(folder: &Folder) -> (App, IssueUnit) {
    let config = Config {
        database: folder.database(),
        ..Config::default()
    };
    let app = open(&config, Clock::System).await.unwrap();
    let app = lifeline_demo::furnish(app).await.unwrap();
    let state = app.state();
    let now = app.desk.clock().now();
    let (request, unit) = state
        .requests
        .open()
        .find_map(|request| {
            let record = state.record_of(request.patient)?;
            record.current_sample(now).ok()?;
            let chosen = candidates(&state, request.id, now, 1).into_iter().next()?;
            state
                .units
                .get(&chosen.unit)?
                .component
                .carries_red_cells()
                .then_some((request.clone(), chosen.unit))
        })
        .unwrap();
    let record = state.record_of(request.patient).unwrap();
    let sample = record.current_sample(now).unwrap().id.clone();
    let number: PatientNumber = record.numbers().into_keys().next().unwrap();
    give(
        &app,
        "chen",
        None,
        AcceptRequest {
            request: request.id,
        },
    )
    .await;
    give(
        &app,
        "chen",
        None,
        ReserveUnit {
            unit,
            request: request.id,
            chosen: None,
        },
    )
    .await;
    let read = RecordCrossmatch {
        unit,
        request: request.id,
        sample,
        method: "gel_ahg".into(),
        major: Side::Read(Grade::Negative),
        minor: Side::Read(Grade::Negative),
        lots: [LotId::parse("AHG-2611").unwrap()].into(),
    };
    give(&app, "chen", None, read).await;
    let crossmatch = app.state().crossmatches.iter().next_back().unwrap().id;
    give(&app, "wang", None, ReviewCrossmatch { crossmatch }).await;
    let issue = IssueUnit {
        unit,
        request: request.id,
        label_unit: unit,
        label_patient: number,
        appearance: Appearance::Normal,
        collector: user("he"),
        destination: LocationId::parse("ward-surgery").unwrap(),
        emergency: None,
    };
    (app, issue)
}
