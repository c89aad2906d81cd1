//! The department's own records: two documents, a nonconformity under way, a comparison, an assessment of competence.

use lifeline_core::SignedDuration;
use lifeline_core::governance::{
    ActionKind, AnalyseNonconformity, AssessmentMethod, NonconformitySource, PlanAction,
    PublishDocument, RecordComparison, RecordCompetence, ReportNonconformity, Row, Versus, Weight,
};
use lifeline_core::id::{DocumentId, NonconformityId, UserId};
use lifeline_core::people::Role;

use crate::House;

const DAYS: i64 = 24;

pub(crate) async fn record(house: &House) -> anyhow::Result<()> {
    let now = house.now();
    let later = |days: i64| now.checked_add(SignedDuration::from_hours(days * DAYS));
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
        let command = PublishDocument {
            document: DocumentId::parse(code)?,
            edition: 1,
            title: title.into(),
            place: format!("files/{code}.pdf"),
            digest: None,
            effective: now,
            readers: readers.into_iter().collect(),
        };
        house.signed("qian", Some("liu"), command).await?;
    }
    let report = ReportNonconformity {
        source: NonconformitySource::Complaint,
        weight: Weight::Minor,
        text: "病区反映血小板发出晚了半小时".into(),
        about: None,
        happened: now,
    };
    house.by("he", report).await?;
    let nonconformity = NonconformityId(1);
    let cause = AnalyseNonconformity {
        nonconformity,
        cause: "交接班时没有交代预约的血小板".into(),
    };
    house.by("qian", cause).await?;
    let plan = PlanAction {
        nonconformity,
        kind: ActionKind::Corrective,
        text: "交接班清单加入预约血小板".into(),
        who: UserId::parse("zhao")?,
        due: later(14)?,
    };
    house.by("qian", plan).await?;
    let rows = ["A", "B", "O", "AB", "O"]
        .iter()
        .enumerate()
        .map(|(number, group)| Row {
            sample: format!("BD-{}", number + 1),
            results: vec![(*group).into(), (*group).into()],
        });
    let comparison = RecordComparison {
        versus: Versus::Methods,
        item: "ABO".into(),
        parties: vec!["Echo".into(), "试管法".into()],
        rows: rows.collect(),
    };
    house.by("zhao", comparison).await?;
    let competence = RecordCompetence {
        person: UserId::parse("chen")?,
        item: "交叉配血".into(),
        method: AssessmentMethod::BlindSamples,
        passed: true,
        until: later(365)?,
        note: String::new(),
    };
    house.by("zhao", competence).await?;
    Ok(())
}
