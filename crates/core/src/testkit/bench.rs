use std::collections::BTreeSet;

use super::{Trial, by};
use crate::blood::{BloodGroup, Grade, RhD};
use crate::id::{LotId, PatientId, PatientNumber, SampleId, TestId};
use crate::patient::{Demographics, NumberKind, RegisterPatient, Sex};
use crate::sample::ReceiveSample;
use crate::testing::{
    Material, OpenLot, Reaction, Reading, ReceiveLot, RecordTest, TestKind, VerifyTest, Well,
};
use crate::unit::Checked;

/// A tube's barcode.
pub(crate) fn sample_id(text: &str) -> SampleId {
    SampleId::parse(text).unwrap()
}

/// Wells from words and grades: `anti_a=4 anti_b=0`.
pub(crate) fn wells(text: &str) -> Vec<Reading> {
    text.split_whitespace()
        .map(|pair| {
            let (well, grade) = pair.split_once('=').unwrap();
            Reading {
                well: Well::parse(well).unwrap(),
                grade: Grade::parse(grade).unwrap(),
            }
        })
        .collect()
}

/// The wells a clean test of a group shows.
pub(crate) fn reaction(trial: &Trial, kind: TestKind, material: Material, group: &str) -> Reaction {
    let group = BloodGroup::parse(group).unwrap();
    let grade = |reacts: bool| if reacts { "4" } else { "0" };
    let forward = format!(
        "anti_a={} anti_b={}",
        grade(group.abo.has_a()),
        grade(group.abo.has_b())
    );
    let reverse = format!(
        "a1_cells={} b_cells={}",
        grade(!group.abo.has_a()),
        grade(!group.abo.has_b())
    );
    let d = format!("anti_d={} control=0", grade(group.rhd == RhD::Positive));
    let text = match kind {
        TestKind::Group => format!("{forward} {d} {reverse}"),
        TestKind::ForwardGroup => format!("{forward} {d}"),
        TestKind::AboForward => format!("{forward} control=0"),
        TestKind::Screen => "screen_1=0 screen_2=0 screen_3=0".into(),
        TestKind::Dat => "dat_poly=0 dat_control=0".into(),
    };
    Reaction {
        kind,
        material,
        readings: wells(&text),
        stated: None,
        lots: BTreeSet::from([LotId::parse("CARD-1").unwrap()]),
        read: trial.at,
    }
}

impl Trial {
    /// A new hospital with the card lot `CARD-1` open.
    pub(crate) fn with_card() -> Self {
        let mut trial = Self::new();
        let lot = LotId::parse("CARD-1").unwrap();
        trial.run(
            by("technologist"),
            ReceiveLot {
                lot: lot.clone(),
                kind: crate::testing::LotKind::Card,
                name: "ABO/RhD".into(),
                expires: trial.minutes(200 * 1440),
                packs: 4,
            },
        );
        trial.run(by("technologist"), OpenLot { lot, until: None });
        trial.accept_lot("CARD-1");
        trial.control_lot("QC-1");
        trial.controls();
        trial
    }

    /// A grown woman with the hospital number `H<n>`.
    #[track_caller]
    pub(crate) fn patient(&mut self, n: u32) -> PatientId {
        let id = self.hospital.next.patient;
        let number = PatientNumber::parse(&format!("H{n}")).unwrap();
        self.run(
            by("technologist"),
            RegisterPatient {
                numbers: [(number, NumberKind::Hospital)].into(),
                demographics: Demographics {
                    name: format!("患者{n}"),
                    sex: Sex::Female,
                    birth: "1980-01-02".parse().ok(),
                    ward: None,
                    bed: None,
                    address: None,
                    phone: None,
                    diagnosis: None,
                },
                unidentified: false,
            },
        );
        id
    }

    /// A faultless tube, drawn now.
    pub(crate) fn draw(&self, patient: PatientId, sample: &str) -> ReceiveSample {
        ReceiveSample {
            sample: sample_id(sample),
            patient,
            request: None,
            drawn: self.at,
            drawn_by: "N01".into(),
            identity: Checked::Good,
            stored: None,
        }
    }

    /// A faultless tube, drawn and taken in now.
    #[track_caller]
    pub(crate) fn tube(&mut self, patient: PatientId, sample: &str) -> SampleId {
        self.run(by("technologist"), self.draw(patient, sample));
        sample_id(sample)
    }

    /// A reading entered by `technologist`.
    #[track_caller]
    pub(crate) fn entered(&mut self, reaction: Reaction) -> TestId {
        let test = self.hospital.next.test;
        self.run(by("technologist"), RecordTest { reaction });
        test
    }

    /// A reading entered by `technologist` and verified by `technologist2`.
    #[track_caller]
    pub(crate) fn tested(&mut self, reaction: Reaction) -> TestId {
        let test = self.entered(reaction);
        self.run(by("technologist2"), VerifyTest { test, version: 1 });
        test
    }

    /// A tube drawn now and grouped.
    #[track_caller]
    pub(crate) fn grouped(&mut self, patient: PatientId, sample: &str, group: &str) -> TestId {
        let tube = self.tube(patient, sample);
        self.tested(reaction(
            self,
            TestKind::Group,
            Material::Sample(tube),
            group,
        ))
    }
}
