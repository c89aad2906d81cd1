//! Invented patients; none of them exists. What their blood really is, only the analysers know.

use std::collections::BTreeMap;

use lifeline_core::SignedDuration;
use lifeline_core::blood::{Abo, Attribute, BloodGroup, Grade, RhD};
use lifeline_core::event::Event;
use lifeline_core::id::{LotId, PatientId, PatientNumber, SampleId};
use lifeline_core::patient::{
    Demographics, NeedKind, NumberKind, PatientEvent, RaiseNeed, RecordAntibody, RecordConsent,
    RegisterPatient, Said, Sex, Specificity, StateExposure,
};
use lifeline_core::sample::ReceiveSample;
use lifeline_core::testing::{
    Material, Reaction, Reading, RecordTest, TestEvent, TestKind, VerifyTest, Well,
};
use lifeline_core::unit::Checked;

use crate::analyser::RACK;
use crate::{House, bench};

/// How far a patient of the demonstration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Grouped twice, screened, sample in date: ready for a crossmatch.
    Ready,
    /// Grouped once; a second sample is needed.
    Once,
    /// Sample received, nothing tested: the analysers will.
    Waiting,
    /// Admitted, no sample.
    Admitted,
}

/// Number, name, sex, birth, ward, bed, diagnosis, group, stage.
type Row = (
    &'static str,
    &'static str,
    Sex,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Stage,
);

const F: Sex = Sex::Female;
const M: Sex = Sex::Male;

pub(crate) const PATIENTS: [Row; 20] = [
    (
        "20260001",
        "李明",
        M,
        "1968-03-12",
        "普外科",
        "3-01",
        "胃癌术后",
        "B+",
        Stage::Ready,
    ),
    (
        "20260002",
        "张秀英",
        F,
        "1955-07-30",
        "普外科",
        "3-04",
        "股骨颈骨折",
        "A+",
        Stage::Ready,
    ),
    (
        "20260003",
        "王芳",
        F,
        "1994-01-25",
        "产科",
        "5-02",
        "前置胎盘",
        "O+",
        Stage::Ready,
    ),
    (
        "20260004",
        "刘洋",
        M,
        "2001-11-09",
        "血液科",
        "7-06",
        "急性髓系白血病",
        "AB+",
        Stage::Ready,
    ),
    (
        "20260005",
        "陈桂兰",
        F,
        "1949-05-17",
        "内科",
        "6-03",
        "慢性肾病贫血",
        "O+",
        Stage::Ready,
    ),
    (
        "20260006",
        "杨帆",
        M,
        "1979-09-02",
        "重症医学科",
        "1-02",
        "多发伤",
        "A+",
        Stage::Ready,
    ),
    (
        "20260007",
        "黄丽",
        F,
        "1988-12-21",
        "产科",
        "5-07",
        "产后出血",
        "A-",
        Stage::Ready,
    ),
    (
        "20260008",
        "周建军",
        M,
        "1962-04-04",
        "普外科",
        "3-11",
        "肝硬化",
        "B+",
        Stage::Ready,
    ),
    (
        "20260009",
        "吴婷",
        F,
        "1999-08-15",
        "血液科",
        "7-01",
        "再生障碍性贫血",
        "O-",
        Stage::Ready,
    ),
    (
        "20260010",
        "徐德胜",
        M,
        "1943-02-28",
        "内科",
        "6-09",
        "骨髓增生异常综合征",
        "AB+",
        Stage::Ready,
    ),
    (
        "20260011",
        "孙小雨",
        F,
        "2019-06-01",
        "儿科",
        "4-03",
        "地中海贫血",
        "B+",
        Stage::Ready,
    ),
    (
        "20260012",
        "马超",
        M,
        "1985-10-10",
        "普外科",
        "3-08",
        "脾破裂",
        "O+",
        Stage::Ready,
    ),
    (
        "20260013",
        "朱红",
        F,
        "1972-03-08",
        "普外科",
        "3-15",
        "子宫肌瘤",
        "A+",
        Stage::Once,
    ),
    (
        "20260014",
        "胡伟",
        M,
        "1990-07-07",
        "重症医学科",
        "1-05",
        "消化道出血",
        "B+",
        Stage::Once,
    ),
    (
        "20260015",
        "郭静",
        F,
        "1966-09-19",
        "内科",
        "6-12",
        "缺铁性贫血",
        "O+",
        Stage::Once,
    ),
    (
        "20260016",
        "林涛",
        M,
        "1958-01-14",
        "普外科",
        "3-20",
        "结肠癌",
        "A+",
        Stage::Waiting,
    ),
    (
        "20260017",
        "何梅",
        F,
        "1981-05-05",
        "产科",
        "5-10",
        "剖宫产",
        "B+",
        Stage::Waiting,
    ),
    (
        "20260018",
        "高强",
        M,
        "1976-11-30",
        "重症医学科",
        "1-07",
        "主动脉夹层",
        "O+",
        Stage::Waiting,
    ),
    (
        "20260019",
        "罗敏",
        F,
        "2003-04-18",
        "内科",
        "6-01",
        "待查",
        "AB+",
        Stage::Admitted,
    ),
    (
        "20260020",
        "梁志",
        M,
        "1947-12-03",
        "普外科",
        "3-22",
        "前列腺增生",
        "B-",
        Stage::Admitted,
    ),
];

/// A patient as admitted.
pub(crate) struct Admitted {
    pub id: PatientId,
    pub row: &'static Row,
}

/// Admits everybody and brings them as far as their stage says.
pub(crate) async fn admit(house: &House) -> anyhow::Result<Vec<Admitted>> {
    let mut admitted = Vec::new();
    for (index, row) in PATIENTS.iter().enumerate() {
        let (number, name, sex, birth, ward, bed, diagnosis, group, stage) = *row;
        let facts = house
            .by(
                "chen",
                RegisterPatient {
                    numbers: BTreeMap::from([(
                        PatientNumber::parse(number)?,
                        NumberKind::Hospital,
                    )]),
                    demographics: Demographics {
                        name: name.into(),
                        sex,
                        birth: Some(birth.parse()?),
                        ward: Some(ward.into()),
                        bed: Some(bed.into()),
                        address: None,
                        phone: None,
                        diagnosis: Some(diagnosis.into()),
                    },
                    unidentified: false,
                },
            )
            .await?;
        let id = facts
            .iter()
            .find_map(|(_, event)| match event {
                Event::Patient(PatientEvent::Registered { patient, .. }) => Some(*patient),
                _ => None,
            })
            .ok_or_else(|| anyhow::anyhow!("no patient was registered"))?;
        house
            .by(
                "chen",
                StateExposure {
                    patient: id,
                    said: Said::Neither,
                },
            )
            .await?;
        let signed = house.now() - SignedDuration::from_hours(20);
        house
            .by(
                "sun",
                RecordConsent {
                    patient: id,
                    signed,
                    reference: format!("CF-{number}"),
                },
            )
            .await?;
        let group = BloodGroup::parse(group)?;
        let draws: &[(i64, bool)] = match stage {
            Stage::Ready => &[(26, true), (3, true)],
            Stage::Once => &[(4, true)],
            Stage::Waiting => &[(1, false)],
            Stage::Admitted => &[],
        };
        for (draw, (hours, tested)) in draws.iter().enumerate() {
            let sample = SampleId::parse(&format!("S26{:04}{}", index + 1, draw + 1))?;
            let drawn_by = if draw == 0 { "何芳" } else { "林晓" };
            house
                .by(
                    "wang",
                    ReceiveSample {
                        sample: sample.clone(),
                        patient: id,
                        request: None,
                        drawn: house.now() - SignedDuration::from_hours(*hours),
                        drawn_by: drawn_by.into(),
                        identity: Checked::Good,
                        stored: Some(if *tested {
                            format!("R{}-{:02}", draw + 1, index + 1)
                        } else {
                            format!("{RACK}/{:02}", index + 1)
                        }),
                    },
                )
                .await?;
            if *tested {
                test(house, &sample, TestKind::Group, group_wells(group)).await?;
                let positive = index == 7 && draw == 1;
                test(house, &sample, TestKind::Screen, screen_wells(positive)).await?;
            }
        }
        admitted.push(Admitted { id, row });
    }
    special(house, &admitted).await?;
    Ok(admitted)
}

async fn special(house: &House, admitted: &[Admitted]) -> anyhow::Result<()> {
    if let Some(patient) = admitted.get(7) {
        house
            .by(
                "zhao",
                RecordAntibody {
                    patient: patient.id,
                    specificity: Specificity::Antigen(lifeline_core::blood::Antigen::BigE),
                    significant: true,
                    test: None,
                },
            )
            .await?;
    }
    for (index, attribute, reason) in [
        (3, Attribute::Irradiated, "造血干细胞移植预处理"),
        (8, Attribute::Leukoreduced, "长期输血"),
        (10, Attribute::Leukoreduced, "长期输血"),
    ] {
        if let Some(patient) = admitted.get(index) {
            house
                .by(
                    "sun",
                    RaiseNeed {
                        patient: patient.id,
                        kind: NeedKind::Attribute(attribute),
                        from: None,
                        until: None,
                        reason: reason.into(),
                    },
                )
                .await?;
        }
    }
    Ok(())
}

/// A test of a tube, read by one and verified by another.
pub(crate) async fn test(
    house: &House,
    sample: &SampleId,
    kind: TestKind,
    readings: Vec<Reading>,
) -> anyhow::Result<()> {
    let lot = if kind == TestKind::Screen {
        bench::CARDS
    } else {
        bench::SERA
    };
    let facts = house
        .by(
            "chen",
            RecordTest {
                reaction: Reaction {
                    kind,
                    material: Material::Sample(sample.clone()),
                    readings,
                    stated: None,
                    lots: [LotId::parse(lot)?].into(),
                    read: house.now(),
                },
            },
        )
        .await?;
    for (_, event) in facts.iter() {
        if let Event::Test(TestEvent::Recorded { test, .. }) = event {
            house
                .by(
                    "wang",
                    VerifyTest {
                        test: *test,
                        version: 1,
                    },
                )
                .await?;
        }
    }
    Ok(())
}

/// The wells a person of this group gives, forward and reverse.
pub(crate) fn group_wells(group: BloodGroup) -> Vec<Reading> {
    let grade = |reacts| if reacts { Grade::Four } else { Grade::Negative };
    let abo: Abo = group.abo;
    [
        (Well::AntiA, grade(abo.has_a())),
        (Well::AntiB, grade(abo.has_b())),
        (Well::AntiD, grade(group.rhd == RhD::Positive)),
        (Well::Control, Grade::Negative),
        (Well::A1Cells, grade(!abo.has_a())),
        (Well::BCells, grade(!abo.has_b())),
    ]
    .map(|(well, grade)| Reading { well, grade })
    .into()
}

/// A screen; a positive one reacts with cells I and II.
pub(crate) fn screen_wells(positive: bool) -> Vec<Reading> {
    let grade = if positive {
        Grade::Two
    } else {
        Grade::Negative
    };
    [
        (Well::Screen1, grade),
        (Well::Screen2, grade),
        (Well::Screen3, Grade::Negative),
    ]
    .map(|(well, grade)| Reading { well, grade })
    .into()
}
