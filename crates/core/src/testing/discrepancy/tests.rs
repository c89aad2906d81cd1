//! Work-ups from the discrepant reading to the verified conclusion.

use super::*;
use crate::blood::{Abo, RhD};
use crate::patient::GroupOnFile;
use crate::testing::{CorrectTest, InvalidateTest, Material};
use crate::testkit::{Trial, by, reaction, wells};

fn group(text: &str) -> BloodGroup {
    BloodGroup::parse(text).unwrap()
}

/// An aged patient of group O without antibodies: grouped, and the work-up opened.
struct Bench {
    trial: Trial,
    patient: PatientId,
    test: TestId,
    id: DiscrepancyId,
}

impl Bench {
    fn new(readings: &str) -> Self {
        let mut trial = Trial::with_card();
        let patient = trial.patient(1);
        let tube = trial.tube(patient, "S1");
        Self::on(trial, patient, Material::Sample(tube), readings)
    }

    fn on(mut trial: Trial, patient: PatientId, tube: Material, readings: &str) -> Self {
        let mut reading = reaction(&trial, TestKind::Group, tube, "O+");
        reading.readings = wells(readings);
        let test = trial.entered(reading);
        let id = trial.hospital.next.discrepancy;
        trial.run(by("technologist"), open(test, 1));
        Self {
            trial,
            patient,
            test,
            id,
        }
    }

    fn found(&self) -> &Discrepancy {
        self.trial.hospital.discrepancies.get(self.id).unwrap()
    }

    fn on_file(&self) -> GroupOnFile {
        let record = self.trial.hospital.record_of(self.patient).unwrap();
        record.group(self.trial.at)
    }

    fn step(&mut self, step: Step, outcome: Outcome) {
        let step = RecordDiscrepancyStep {
            discrepancy: self.id,
            step,
            outcome,
            note: "4 °C: A1 2+, B 2+".into(),
        };
        self.trial.run(by("technologist"), step);
    }

    fn all_steps(&mut self) {
        let open: Vec<Step> = self.found().open_steps().collect();
        for (n, step) in open.into_iter().enumerate() {
            let outcome = if n == 0 {
                Outcome::Explains
            } else {
                Outcome::RulesOut
            };
            self.step(step, outcome);
        }
    }

    fn conclude(&self, cause: Cause, ruling: Ruling) -> ConcludeDiscrepancy {
        ConcludeDiscrepancy {
            discrepancy: self.id,
            cause,
            ruling,
            note: "抗体弱".into(),
        }
    }
}

fn open(test: TestId, version: usize) -> OpenDiscrepancy {
    OpenDiscrepancy {
        test,
        version,
        stated: Stated::default(),
    }
}

const NO_ANTIBODIES: &str = "anti_a=0 anti_b=0 anti_d=4 control=0 a1_cells=0 b_cells=0";

#[test]
fn from_the_reading_to_a_verified_group_every_step_is_on_the_journal() {
    let mut bench = Bench::new(NO_ANTIBODIES);
    assert_eq!(bench.found().category, Category::MissingReverse);
    assert!(bench.found().advised.contains(&Step::ColdReverse));
    assert_eq!(bench.on_file(), GroupOnFile::Unsettled(bench.test));

    let conclusion = bench.conclude(Cause::WeakAntibody, Ruling::Group(group("O+")));
    let open = bench.found().advised.len();
    let findings = bench.trial.findings(by("technologist"), conclusion.clone());
    let steps = findings
        .iter()
        .filter(|f| f.rule == Rule::DiscrepancyStepOpen);
    assert_eq!(steps.count(), open);
    bench.all_steps();
    bench.trial.run(by("technologist"), conclusion);
    assert_eq!(bench.on_file(), GroupOnFile::Unsettled(bench.test));

    let verify = VerifyDiscrepancy {
        discrepancy: bench.id,
    };
    assert_eq!(
        bench.trial.refused(by("technologist"), verify.clone()),
        ["verifier-is-enterer"]
    );
    bench.trial.run(by("technologist2"), verify.clone());
    assert!(bench.found().verified());
    assert_eq!(bench.on_file(), GroupOnFile::Once(group("O+")));
    let test = bench.trial.hospital.tests.get(bench.test).unwrap();
    assert_eq!(test.state, TestState::WorkedUp);
    assert_eq!(bench.trial.hospital.tests.pending().count(), 0);
    assert_eq!(
        bench.trial.refused(by("technologist2"), verify),
        ["wrong-state"]
    );
    assert_eq!(bench.trial.replayed(), bench.trial.hospital);

    // Declared void, the test takes back what its work-up had established.
    bench.trial.run(
        by("senior"),
        InvalidateTest {
            test: bench.test,
            version: 1,
            reason: "样本管破".into(),
        },
    );
    assert_eq!(bench.on_file(), GroupOnFile::Unknown);
}

#[test]
fn nothing_but_a_discrepant_reading_is_worked_up_and_only_once() {
    let mut bench = Bench::new(NO_ANTIBODIES);
    assert_eq!(
        bench.trial.refused(by("technologist"), open(bench.test, 1)),
        ["wrong-state"]
    );
    let tube = bench.trial.tube(bench.patient, "S2");
    let clean = reaction(&bench.trial, TestKind::Group, Material::Sample(tube), "O+");
    let clean = bench.trial.entered(clean);
    assert_eq!(
        bench.trial.refused(by("technologist"), open(clean, 1)),
        ["wrong-state"]
    );
    assert_eq!(
        bench.trial.refused(by("technologist"), open(clean, 2)),
        ["version-superseded", "wrong-state"]
    );
}

#[test]
fn a_group_needs_a_step_that_explains_and_blood_that_is_the_patients_own() {
    let mut bench = Bench::new("anti_a=mf anti_b=0 anti_d=4 control=0 a1_cells=0 b_cells=4");
    assert_eq!(bench.found().category, Category::MixedField);
    let steps: Vec<Step> = bench.found().open_steps().collect();
    for step in steps {
        bench.step(step, Outcome::Unclear);
    }
    let named = bench.conclude(Cause::Transfused, Ruling::Group(group("A+")));
    assert_eq!(
        bench.trial.refused(by("technologist"), named.clone()),
        ["bad-value", "discrepancy-unexplained"]
    );
    bench.step(Step::TransfusionHistory, Outcome::Explains);
    assert_eq!(
        bench.trial.refused(by("technologist"), named),
        ["bad-value"]
    );
    let stands = bench.conclude(Cause::Transfused, Ruling::FileStands);
    assert_eq!(
        bench.trial.refused(by("technologist"), stands),
        ["bad-value"]
    );
    let unknown = bench.conclude(Cause::Unknown, Ruling::Group(group("A+")));
    assert_eq!(
        bench.trial.refused(by("technologist"), unknown),
        ["discrepancy-unexplained"]
    );
}

#[test]
fn a_group_on_file_is_not_contradicted_but_it_can_stand() {
    let mut trial = Trial::with_card();
    let patient = trial.patient(1);
    trial.grouped(patient, "S0", "A+");
    trial.pass(jiff::SignedDuration::from_hours(2));
    let tube = trial.tube(patient, "S1");
    let mixed = "anti_a=mf anti_b=0 anti_d=4 control=0 a1_cells=0 b_cells=4";
    let mut bench = Bench::on(trial, patient, Material::Sample(tube), mixed);
    assert_eq!(bench.on_file(), GroupOnFile::Unsettled(bench.test));
    bench.all_steps();
    let other = bench.conclude(Cause::Subgroup, Ruling::Group(group("O+")));
    assert_eq!(
        bench.trial.refused(by("technologist"), other),
        ["discrepancy-against-file"]
    );
    let stands = bench.conclude(Cause::Transfused, Ruling::FileStands);
    bench.trial.run(by("technologist"), stands);
    bench.trial.run(
        by("senior"),
        VerifyDiscrepancy {
            discrepancy: bench.id,
        },
    );
    assert_eq!(bench.on_file(), GroupOnFile::Once(group("A+")));
}

#[test]
fn what_is_left_unsettled_stays_on_the_interim_rule_until_it_is_opened_again() {
    let mut bench = Bench::new(NO_ANTIBODIES);
    let reopen = ReopenDiscrepancy {
        discrepancy: bench.id,
        reason: "新标本到了".into(),
    };
    assert_eq!(
        bench.trial.refused(by("senior"), reopen.clone()),
        ["wrong-state"]
    );
    bench.all_steps();
    let left = bench.conclude(Cause::Unknown, Ruling::Interim);
    bench.trial.run(by("technologist"), left);
    let verify = VerifyDiscrepancy {
        discrepancy: bench.id,
    };
    bench.trial.run(by("senior"), verify.clone());
    assert_eq!(bench.on_file(), GroupOnFile::Unsettled(bench.test));

    bench.trial.run(by("senior"), reopen.clone());
    assert!(bench.found().conclusion.is_none());
    assert_eq!(bench.trial.hospital.tests.pending().count(), 1);
    let settled = bench.conclude(Cause::WeakAntibody, Ruling::Group(group("O+")));
    bench.trial.run(by("technologist"), settled);
    bench.trial.run(by("senior"), verify);
    assert_eq!(bench.on_file(), GroupOnFile::Once(group("O+")));
    // What was settled is taken back through its test, not by opening it again.
    assert_eq!(bench.trial.refused(by("senior"), reopen), ["wrong-state"]);
}

#[test]
fn a_corrected_reading_ends_the_work_up() {
    let mut bench = Bench::new(NO_ANTIBODIES);
    let tube = bench.found().sample.clone();
    let clean = reaction(&bench.trial, TestKind::Group, Material::Sample(tube), "O+");
    bench.trial.run(
        by("senior"),
        CorrectTest {
            test: bench.test,
            version: 1,
            reaction: clean,
            reason: "漏加血浆".into(),
        },
    );
    assert!(bench.found().superseded(&bench.trial.hospital));
    assert_eq!(bench.on_file(), GroupOnFile::Unknown);
    let late = RecordDiscrepancyStep {
        discrepancy: bench.id,
        step: Step::Repeat,
        outcome: Outcome::Unclear,
        note: "晚了".into(),
    };
    assert_eq!(
        bench.trial.refused(by("technologist"), late),
        ["wrong-state"]
    );
    let verify = VerifyDiscrepancy {
        discrepancy: bench.id,
    };
    assert_eq!(bench.trial.refused(by("senior"), verify), ["wrong-state"]);
}

#[test]
fn the_patients_history_and_age_reach_the_work_up() {
    let mut bench = Bench::new("anti_a=4 anti_b=0 anti_d=4 control=2 a1_cells=0 b_cells=4");
    assert_eq!(bench.found().category, Category::SpontaneousAgglutination);
    assert_eq!(bench.found().advised.first(), Some(&Step::CheckIdentity));
    let test = bench.trial.hospital.tests.get(bench.test).unwrap();
    let stated = Stated {
        transfused: Some(group("O+")),
        transplanted: true,
        disease: true,
    };
    let known = circumstances(&bench.trial.hospital, test, &stated, bench.trial.at).unwrap();
    assert_eq!(known.age_days.map(|days| days / 365), Some(46));
    assert!(!known.newborn);
    let found = resolution(&bench.trial.hospital, test, &stated, bench.trial.at).unwrap();
    for step in [
        Step::EarlierSample,
        Step::TransplantProtocol,
        Step::Diagnosis,
    ] {
        assert!(found.next.contains(&step), "{step:?}");
    }
    assert_eq!(
        found.interim.map(|i| (i.red_cells, i.plasma, i.rhd)),
        Some((Abo::O, Abo::Ab, RhD::Negative))
    );
    bench.all_steps();
}
