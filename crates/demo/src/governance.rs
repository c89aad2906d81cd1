//! The department's own records: documents and who read them, a nonconformity that was put right and one under way, comparisons of
//! every kind, competence, an audit and a review.

use lifeline_core::SignedDuration;
use lifeline_core::governance::{
    ActionKind, AnalyseNonconformity, AssessmentMethod, CompleteAction, JudgeEffectiveness,
    NonconformitySource, PlanAction, PublishDocument, RecordComparison, RecordCompetence,
    RecordReview, ReportNonconformity, ReviewKind, Row, Scale, SignDocument, Versus, Weight,
};
use lifeline_core::id::{DocumentId, NonconformityId, UserId};
use lifeline_core::people::Role;

use crate::House;

const DAYS: i64 = 24;
/// The nonconformity that was put right, and the one under way.
const SETTLED: NonconformityId = NonconformityId(1);
const OPEN: NonconformityId = NonconformityId(2);

fn later(house: &House, days: i64) -> anyhow::Result<lifeline_core::Timestamp> {
    let now = house.now();
    Ok(now.checked_add(SignedDuration::from_hours(days * DAYS))?)
}

/// What happened a month ago: everybody was assessed, and something went wrong.
pub(crate) async fn before(house: &House) -> anyhow::Result<()> {
    for (person, item, days) in [
        ("chen", "交叉配血", 365),
        ("wang", "交叉配血", 365),
        // Ran out a while ago: it costs points until somebody assesses again.
        ("wang", "抗体筛查", 10),
        ("zhao", "抗体鉴定", 365),
        ("liu", "结果审核", 365),
    ] {
        let competence = RecordCompetence {
            person: UserId::parse(person)?,
            item: item.into(),
            method: AssessmentMethod::BlindSamples,
            passed: true,
            until: later(house, days)?,
            note: String::new(),
        };
        house.by("qian", competence).await?;
    }
    let report = ReportNonconformity {
        source: NonconformitySource::Equipment,
        weight: Weight::Major,
        text: "2号冰箱夜间温度记录缺一小时".into(),
        about: None,
        happened: house.now(),
    };
    house.by("gu", report).await?;
    let cause = AnalyseNonconformity {
        nonconformity: SETTLED,
        cause: "记录仪电池耗尽，没有低电量提醒".into(),
    };
    house.by("qian", cause).await?;
    let plan = PlanAction {
        nonconformity: SETTLED,
        kind: ActionKind::Corrective,
        text: "更换电池并每月检查电量".into(),
        who: UserId::parse("gu")?,
        due: later(house, 7)?,
    };
    house.by("qian", plan).await?;
    let done = CompleteAction {
        nonconformity: SETTLED,
        action: 0,
        done: "已更换电池，月检表已加一栏".into(),
    };
    house.by("gu", done).await?;
    Ok(())
}

fn rows(results: &[(&str, &str)]) -> Vec<Row> {
    let row = |(number, (one, other)): (usize, &(&str, &str))| Row {
        sample: format!("BD-{}", number + 1),
        results: vec![(*one).into(), (*other).into()],
    };
    results.iter().enumerate().map(row).collect()
}

pub(crate) async fn record(house: &House) -> anyhow::Result<()> {
    let now = house.now();
    for (code, title, readers) in [
        (
            "SOP-TX-01",
            "标本接收与拒收",
            vec![Role::Technologist, Role::Senior],
        ),
        (
            "SOP-TX-12",
            "紧急用血绿色通道",
            vec![Role::Technologist, Role::Nurse],
        ),
    ] {
        let document = DocumentId::parse(code)?;
        let command = PublishDocument {
            document: document.clone(),
            edition: 1,
            title: title.into(),
            place: format!("files/{code}.pdf"),
            digest: None,
            effective: now,
            readers: readers.into_iter().collect(),
        };
        house.signed("qian", Some("liu"), command).await?;
        let sign = SignDocument {
            document,
            edition: 1,
        };
        house.by("wang", sign).await?;
    }
    let judged = JudgeEffectiveness {
        nonconformity: SETTLED,
        effective: true,
        evidence: "一个月温度记录连续，无缺口".into(),
    };
    house.by("qian", judged).await?;
    let report = ReportNonconformity {
        source: NonconformitySource::Complaint,
        weight: Weight::Minor,
        text: "病区反映血小板发出晚了半小时".into(),
        about: None,
        happened: now,
    };
    house.by("he", report).await?;
    let cause = AnalyseNonconformity {
        nonconformity: OPEN,
        cause: "交接班时没有交代预约的血小板".into(),
    };
    house.by("qian", cause).await?;
    let plan = PlanAction {
        nonconformity: OPEN,
        kind: ActionKind::Corrective,
        text: "交接班清单加入预约血小板".into(),
        who: UserId::parse("zhao")?,
        due: later(house, 14)?,
    };
    house.by("qian", plan).await?;
    for (versus, item, scale, parties, results) in [
        (
            Versus::Methods,
            "ABO",
            Scale::Words,
            ["Echo", "试管法"],
            [("A", "A"), ("B", "B"), ("O", "O"), ("AB", "AB"), ("O", "O")],
        ),
        (
            Versus::Operators,
            "抗体筛查",
            Scale::Grades,
            ["陈", "王"],
            [
                ("2+", "3+"),
                ("0", "0"),
                ("1+", "1+"),
                ("w", "1+"),
                ("0", "0"),
            ],
        ),
        (
            Versus::Instruments,
            "TEG-R",
            Scale::Numbers,
            ["TEG-1", "TEG-2"],
            [
                ("6.5", "6.7"),
                ("5.8", "5.9"),
                ("7.2", "7.0"),
                ("4.9", "5.1"),
                ("8.4", "8.5"),
            ],
        ),
    ] {
        let comparison = RecordComparison {
            versus,
            item: item.into(),
            scale,
            parties: parties.map(Into::into).into(),
            rows: rows(&results),
        };
        house.by("zhao", comparison).await?;
    }
    let audit = RecordReview {
        kind: ReviewKind::InternalAudit,
        held: house.desk.state().today(now),
        scope: "标本接收到发血全过程".into(),
        conclusion: "发现一项不符合，已立项整改".into(),
        nonconformities: vec![OPEN],
    };
    house.signed("qian", Some("liu"), audit).await?;
    Ok(())
}
