//! Near misses: reported by anybody, opened by the rule, closed with what was learnt.

use super::*;
use crate::id::NearMissId;
use crate::testkit::{Trial, by};

fn report(trial: &Trial, about: Vec<Subject>) -> ReportNearMiss {
    ReportNearMiss {
        kind: "mislabelled_sample".into(),
        account: "两床标签贴反，采血前核对发现".into(),
        happened: trial.minutes(-20),
        about,
    }
}

#[test]
fn anybody_reports_and_quality_closes_with_cause_and_measure() {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    trial.run(by("nurse"), report(&trial, vec![patient.into()]));
    let id = NearMissId(1);
    assert_eq!(trial.hospital.near_misses.open().count(), 1);
    let unknown = report(&trial, vec![crate::id::PatientId(77).into()]);
    assert_eq!(trial.refused(by("nurse"), unknown), ["not-found"]);
    let mut odd = report(&trial, Vec::new());
    odd.kind = "bad_luck".into();
    odd.happened = trial.minutes(5);
    odd.account = String::new();
    assert_eq!(trial.findings(by("nurse"), odd).len(), 3);
    let close = CloseNearMiss {
        near_miss: id,
        cause: "两人同时采血".into(),
        measure: "一次只带一个病人的管子".into(),
    };
    assert_eq!(trial.refused(by("nurse"), close.clone()), ["not-permitted"]);
    trial.run(by("quality"), close.clone());
    assert_eq!(trial.hospital.near_misses.open().count(), 0);
    assert_eq!(trial.refused(by("quality"), close), ["wrong-state"]);
    assert_eq!(trial.replayed(), trial.hospital);
}

#[test]
fn wrong_blood_in_a_tube_opens_one_by_itself_and_shows_as_an_alarm() {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    trial.grouped(patient, "S1", "A+");
    assert_eq!(trial.hospital.near_misses.open().count(), 0);
    let test = trial.grouped(patient, "S2", "B+");
    let found: Vec<_> = trial.hospital.near_misses.open().cloned().collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].kind, WRONG_BLOOD);
    assert!(found[0].by_rule);
    assert!(found[0].about.contains(&test.into()) && found[0].about.contains(&patient.into()));
    let alarms = crate::due::alarms(&trial.hospital, trial.at);
    assert!(
        alarms
            .iter()
            .any(|alarm| alarm.kind == crate::due::AlarmKind::NearMissOpen
                && alarm.subject == found[0].id.into())
    );
}
