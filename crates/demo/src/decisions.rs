//! What decisions are made on: an open group discrepancy, a DEL genotype, platelet antibodies and typed platelets, rare donors.

use std::collections::BTreeMap;

use lifeline_core::SignedDuration;
use lifeline_core::blood::{
    Abo, Antigen, AntigenProfile, BloodGroup, Component, Grade, PlateletAntigen, RhD, RhdAllele,
    RhdGenotype, Typing, UnitId,
};
use lifeline_core::event::Event;
use lifeline_core::id::{PatientId, PatientNumber, SampleId, TestId};
use lifeline_core::identification::{FileRegistry, RareDonor};
use lifeline_core::patient::{
    Demographics, NumberKind, PatientEvent, RecordPlateletAntibodies, RecordRhdGenotype,
    RegisterPatient, Said, Sex, StateExposure,
};
use lifeline_core::sample::ReceiveSample;
use lifeline_core::testing::discrepancy::{OpenDiscrepancy, Stated};
use lifeline_core::testing::{TestEvent, TestKind, Well};
use lifeline_core::unit::{Checked, Status, TypeUnitAntigens};

use crate::House;
use crate::patients::{Admitted, enter, group_wells, screen_wells, test};

/// Donors of the invented registry: number, group, antigens typed absent and present, note.
const DONORS: [(&str, &str, &str, &str, &str); 6] = [
    ("RD-0007", "O+", "Jka Jkb", "C e", "冷冻红细胞 2 袋"),
    ("RD-0012", "B+", "Dib", "Dia Jka", "可预约"),
    ("RD-0019", "O-", "C E", "c e", ""),
    ("RD-0023", "A+", "E c Mur", "C e Jka", "可预约"),
    ("RD-0031", "B+", "E Mur", "C c e", ""),
    ("RD-0040", "O+", "s", "S", "省中心冷冻库"),
];

/// HLA types of platelet donors.
const TYPES: [&str; 5] = [
    "A2 A24 B46 B60 HPA-1a HPA-3a",
    "A11 A24 B13 B60 HPA-1a HPA-3b",
    "A2 A11 B46 B58 HPA-1a HPA-3a",
    "A24 A33 B38 B58 HPA-1a",
    "A11 A33 B13 B38 HPA-1a HPA-3b",
];

/// Adds all of it.
pub(crate) async fn furnish(house: &House, patients: &[Admitted]) -> anyhow::Result<()> {
    discrepancy(house).await?;
    genotype(house).await?;
    if let Some(leukaemia) = patients.get(3) {
        platelets(house, leukaemia.id).await?;
    }
    registry(house).await
}

async fn admit(
    house: &House,
    number: &str,
    name: &str,
    sex: Sex,
    birth: &str,
    diagnosis: &str,
) -> anyhow::Result<PatientId> {
    let register = RegisterPatient {
        numbers: BTreeMap::from([(PatientNumber::parse(number)?, NumberKind::Hospital)]),
        demographics: Demographics {
            name: name.into(),
            sex,
            birth: Some(birth.parse()?),
            ward: Some("内科".into()),
            bed: None,
            address: None,
            phone: None,
            diagnosis: Some(diagnosis.into()),
        },
        unidentified: false,
    };
    let facts = house.by("chen", register).await?;
    let patient = facts
        .iter()
        .find_map(|(_, event)| match event {
            Event::Patient(PatientEvent::Registered { patient, .. }) => Some(*patient),
            _ => None,
        })
        .ok_or_else(|| anyhow::anyhow!("no patient was registered"))?;
    let said = Said::Neither;
    house.by("chen", StateExposure { patient, said }).await?;
    Ok(patient)
}

async fn tube(
    house: &House,
    patient: PatientId,
    sample: &str,
    hours: i64,
    drawn_by: &str,
) -> anyhow::Result<SampleId> {
    let sample = SampleId::parse(sample)?;
    let receive = ReceiveSample {
        sample: sample.clone(),
        patient,
        request: None,
        drawn: house.now() - SignedDuration::from_hours(hours),
        drawn_by: drawn_by.into(),
        identity: Checked::Good,
        stored: Some(format!("R9-{}", sample.as_str())),
    };
    house.by("wang", receive).await?;
    Ok(sample)
}

/// An old woman whose plasma lacks anti-A: cells B, reverse AB. The work-up is open.
async fn discrepancy(house: &House) -> anyhow::Result<()> {
    let patient = admit(
        house,
        "20260021",
        "郑桂英",
        Sex::Female,
        "1936-02-11",
        "低丙种球蛋白血症",
    )
    .await?;
    let sample = tube(house, patient, "S2600211", 5, "何芳").await?;
    let group = BloodGroup::new(Abo::B, RhD::Positive);
    let wells = group_wells(group)
        .into_iter()
        .map(|mut reading| {
            if reading.well == Well::A1Cells {
                reading.grade = Grade::Negative;
            }
            reading
        })
        .collect();
    let facts = enter(house, &sample, TestKind::Group, wells).await?;
    let test: Option<TestId> = facts.iter().find_map(|(_, event)| match event {
        Event::Test(TestEvent::Recorded { test, .. }) => Some(*test),
        _ => None,
    });
    let open = OpenDiscrepancy {
        test: test.ok_or_else(|| anyhow::anyhow!("no test was entered"))?,
        version: 1,
        stated: Stated {
            transfused: None,
            transplanted: false,
            disease: true,
        },
    };
    house.by("chen", open).await?;
    Ok(())
}

/// RhD negative by serology, DEL of the Asian type by genotype.
async fn genotype(house: &House) -> anyhow::Result<()> {
    let patient = admit(house, "20260022", "冯岩", Sex::Male, "1990-08-19", "胃溃疡").await?;
    let group = BloodGroup::new(Abo::O, RhD::Negative);
    for (sample, hours, nurse) in [("S2600221", 27, "何芳"), ("S2600222", 4, "林晓")] {
        let sample = tube(house, patient, sample, hours, nurse).await?;
        test(house, &sample, TestKind::Group, group_wells(group)).await?;
        test(house, &sample, TestKind::Screen, screen_wells(false)).await?;
    }
    let record = RecordRhdGenotype {
        patient,
        genotype: Some(RhdGenotype {
            alleles: [RhdAllele::AsianDel, RhdAllele::Deletion],
            report: "省血液中心血型参比室 2026-1187".into(),
        }),
    };
    house.signed("chen", Some("zhao"), record).await?;
    Ok(())
}

fn platelet_antigens(text: &str) -> anyhow::Result<Vec<PlateletAntigen>> {
    text.split_whitespace()
        .map(|name| Ok(PlateletAntigen::parse(name)?))
        .collect()
}

async fn platelets(house: &House, patient: PatientId) -> anyhow::Result<()> {
    let mut antibodies = BTreeMap::new();
    for (name, mfi) in [("A2", 12_400), ("B46", 5_300), ("HPA-3a", 700)] {
        antibodies.insert(PlateletAntigen::parse(name)?, mfi);
    }
    let report = RecordPlateletAntibodies {
        patient,
        antibodies,
        report: "HLA 实验室 2026-0391".into(),
    };
    house.by("zhao", report).await?;
    let bags: Vec<UnitId> = house
        .desk
        .state()
        .units
        .shelf()
        .filter(|unit| unit.component == Component::Platelets && unit.status == Status::Available)
        .map(|unit| unit.id)
        .collect();
    for (unit, types) in bags.into_iter().zip(TYPES.iter().cycle().take(10)) {
        let typed = TypeUnitAntigens {
            unit,
            antigens: AntigenProfile::default(),
            platelet: Some(Box::new(platelet_antigens(types)?.into_iter().collect())),
            report: "血站配型报告 P-2611".into(),
        };
        house.signed("chen", Some("wang"), typed).await?;
    }
    Ok(())
}

async fn registry(house: &House) -> anyhow::Result<()> {
    let mut donors = Vec::new();
    for (donor, group, absent, present, note) in DONORS {
        let mut antigens = AntigenProfile::default();
        for (list, typing) in [(absent, Typing::Negative), (present, Typing::Positive)] {
            for name in list.split_whitespace() {
                let antigen =
                    Antigen::parse(name).ok_or_else(|| anyhow::anyhow!("no antigen {name}"))?;
                antigens.set(antigen, typing);
            }
        }
        let group = BloodGroup::parse(group)?;
        donors.push(RareDonor {
            donor: donor.into(),
            abo: group.abo,
            rhd: group.rhd,
            antigens,
            note: note.into(),
        });
    }
    let file = FileRegistry {
        source: "省血液中心稀有血型库（示例）".into(),
        donors,
    };
    house.by("zhao", file).await?;
    Ok(())
}
