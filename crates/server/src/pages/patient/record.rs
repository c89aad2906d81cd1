use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::finding::Rule;
use lifeline_core::hospital::Hospital;
use lifeline_core::identification::WorkupState;
use lifeline_core::patient::Record;
use lifeline_core::people::Action;
use lifeline_core::subject::Subject;

use super::acts::{Act, PatientPath};
use crate::app::App;
use crate::pages::calculators::offers::{self, Offer};
use crate::pages::measured::MeasuredLine;
use crate::pages::person::{Strip, address};
use crate::pages::results::{SampleLine, TestLine, sample_address};
use crate::pages::{blood, timeline};
use crate::web::components::{Banner, FindingLine, GroupMark, Moment, TimelineEntry, Tone};
use crate::web::words::subject_address;
use crate::web::{Frame, PageError, Visit, render};

struct Determined {
    mark: GroupMark,
    drawn: Moment,
    sample: Option<(String, String)>,
    test: Option<(String, String)>,
    edited: bool,
}

struct RequestLine {
    id: String,
    href: String,
    wanted: String,
    needed: Moment,
    ward: String,
}

struct CrossmatchLine {
    id: String,
    href: String,
    unit: String,
    unit_href: String,
}

struct IssueLine {
    unit: String,
    href: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "patient/record.html")]
struct RecordPage {
    strip: Strip,
    notices: Vec<Banner>,
    acts: Vec<(String, String)>,
    samples: Vec<SampleLine>,
    tests: Vec<TestLine>,
    measured: Vec<MeasuredLine>,
    identifications: Vec<(String, String, (Tone, String))>,
    determinations: Vec<Determined>,
    requests: Vec<RequestLine>,
    crossmatches: Vec<CrossmatchLine>,
    issues: Vec<IssueLine>,
    antigens: String,
    genotype: String,
    platelet_antibodies: String,
    offers: Vec<Offer>,
    offers_open: bool,
    particulars: Vec<(String, String)>,
    may_receive: bool,
    receive: String,
    timeline: Vec<TimelineEntry>,
    frame: Frame,
}

/// `GET /patients/{patient}`: everything on file of a person, by any of their records.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path(patient): Path<PatientPath>,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewPatient)?;
    let hospital = app.state();
    let asked = hospital
        .patients
        .get(patient.0)
        .ok_or(PageError::NotFound)?;
    let record = hospital.record_of(patient.0).ok_or(PageError::NotFound)?;
    let t = frame.t;
    let acts = Act::ALL
        .into_iter()
        .filter(|act| act.offered(&hospital, asked) && app.may(&visit, act.action()))
        .map(|act| {
            let href = format!("{}/{}", address(asked.id), act.as_str());
            (href, t.m(&format!("act-{}-title", act.as_str())))
        })
        .collect();
    let subjects: Vec<Subject> = record.parts().map(|part| part.id.into()).collect();
    let timeline = timeline::of(&app, &frame, &subjects).await?;
    let samples = record.samples();
    let mut tests: Vec<TestLine> = samples
        .iter()
        .flat_map(|sample| &sample.tests)
        .filter_map(|id| TestLine::of(&frame, &hospital, hospital.tests.get(*id)?))
        .collect();
    tests.reverse();
    let measured = samples
        .iter()
        .rev()
        .flat_map(|sample| MeasuredLine::of_sample(&frame, &hospital, sample, &visit.person.id))
        .collect();
    let number = record.numbers().into_keys().next();
    let number = number.map_or_else(|| asked.id.to_string(), |number| number.to_string());
    Ok(render(&RecordPage {
        notices: notices(&frame, &hospital, &record, asked.merged_into.is_some()),
        acts,
        tests,
        measured,
        identifications: identifications(&frame, &hospital, &record),
        determinations: determinations(&frame, &record),
        requests: requests(&frame, &hospital, &record),
        crossmatches: crossmatches(&hospital, &record),
        issues: record
            .issues()
            .into_iter()
            .rev()
            .map(|issue| IssueLine {
                unit: issue.unit.to_string(),
                href: subject_address(&Subject::from(issue.unit).to_string()),
                at: frame.moment(issue.issued.at),
            })
            .collect(),
        antigens: antigens(&record),
        genotype: genotype(&frame, &record),
        platelet_antibodies: platelet_antibodies(&frame, &record),
        offers: offers::for_patient(&frame, &hospital, &record),
        offers_open: false,
        particulars: particulars(&frame, &hospital, &record),
        may_receive: app.may(&visit, Action::SampleReceive),
        receive: format!(
            "/samples/new?patient={}",
            crate::pages::sheet::part(&number)
        ),
        samples: samples
            .into_iter()
            .rev()
            .map(|sample| SampleLine::of(&frame, &hospital, sample))
            .collect(),
        strip: Strip::of(&frame, &hospital, &record),
        timeline,
        frame,
    }))
}

/// Antibody identifications, newest first: number, address, state.
fn identifications(
    frame: &Frame,
    hospital: &Hospital,
    record: &Record<'_>,
) -> Vec<(String, String, (Tone, String))> {
    let mut all: Vec<_> = record
        .parts()
        .flat_map(|part| hospital.identifications.of_patient(part.id))
        .collect();
    all.sort_by_key(|workup| std::cmp::Reverse(workup.id));
    all.into_iter()
        .map(|workup| {
            let href = crate::web::words::address(&workup.id.into());
            let tone = match workup.state {
                WorkupState::Verified => Tone::Good,
                WorkupState::Concluded => Tone::Warn,
                WorkupState::Open | WorkupState::Ended => Tone::Note,
            };
            let state = (tone, frame.t.m(workup.state.word()));
            (workup.id.to_string(), href, state)
        })
        .collect()
}

/// What must be known before anything is done with this record.
fn notices(frame: &Frame, hospital: &Hospital, record: &Record<'_>, merged: bool) -> Vec<Banner> {
    let t = &frame.t;
    let mut notices = Vec::new();
    if merged {
        notices.push(Banner {
            tone: Tone::Warn,
            title: t.m(&format!("rule-{}", Rule::PatientMerged.code())),
            findings: vec![FindingLine {
                href: address(record.id()),
                ..FindingLine::new(
                    Tone::Warn,
                    t.a(
                        "patient-merged-into",
                        &[("patient", &record.id().to_string())],
                    ),
                )
            }],
        });
    }
    let suspects: Vec<FindingLine> = record
        .samples()
        .into_iter()
        .filter(|sample| matches!(sample.state, lifeline_core::sample::SampleState::Suspect(_)))
        .map(|sample| FindingLine {
            href: sample_address(sample.id.as_str()),
            todo: t.m(&format!("rule-{}-do", Rule::SampleWrongBlood.code())),
            ..FindingLine::new(
                Tone::Stop,
                t.a(
                    "patient-suspect-sample",
                    &[("sample", &sample.id.to_string())],
                ),
            )
        })
        .collect();
    let discordant = record.history().is_none() && !record.determinations().is_empty();
    if !suspects.is_empty() || discordant {
        let rule = if discordant {
            Rule::PatientGroupDiscordant
        } else {
            Rule::SampleWrongBlood
        };
        notices.push(Banner {
            tone: Tone::Stop,
            title: t.m(&format!("rule-{}", rule.code())),
            findings: suspects,
        });
    }
    let entered = |state| state == lifeline_core::testing::TestState::Entered;
    let tests = record
        .samples()
        .into_iter()
        .flat_map(|sample| &sample.tests)
        .filter_map(|id| hospital.tests.get(*id))
        .filter(|test| entered(test.state))
        .count();
    let measured = record
        .samples()
        .into_iter()
        .flat_map(|sample| hospital.measurements.of_sample(&sample.id))
        .filter(|one| entered(one.state))
        .count();
    let awaiting = tests + measured;
    if awaiting > 0 {
        notices.push(Banner {
            tone: Tone::Note,
            title: t.a("patient-awaiting-verification", &[("count", &awaiting)]),
            findings: Vec::new(),
        });
    }
    notices
}

fn determinations(frame: &Frame, record: &Record<'_>) -> Vec<Determined> {
    record
        .determinations()
        .into_iter()
        .rev()
        .map(|one| Determined {
            mark: one.group.into(),
            drawn: frame.moment(one.drawn),
            sample: one
                .sample
                .as_ref()
                .map(|id| (id.to_string(), sample_address(id.as_str()))),
            test: one.test.map(|id| (id.to_string(), format!("/tests/{id}"))),
            edited: one.edited,
        })
        .collect()
}

fn requests(frame: &Frame, hospital: &Hospital, record: &Record<'_>) -> Vec<RequestLine> {
    record
        .requests()
        .into_iter()
        .rev()
        .map(|request| RequestLine {
            id: request.id.to_string(),
            href: subject_address(&Subject::from(request.id).to_string()),
            wanted: format!(
                "{} {}",
                blood::component(frame, request.order.component),
                blood::amount(frame, request.order.amount)
            ),
            needed: frame.moment(request.order.needed),
            ward: crate::pages::parts::ward(frame, hospital, &request.order.ward),
        })
        .collect()
}

fn crossmatches(hospital: &Hospital, record: &Record<'_>) -> Vec<CrossmatchLine> {
    let requests = record.requests();
    let mut all: Vec<CrossmatchLine> = requests
        .into_iter()
        .flat_map(|request| hospital.crossmatches.of_request(request.id))
        .map(|crossmatch| CrossmatchLine {
            id: crossmatch.id.to_string(),
            href: subject_address(&Subject::from(crossmatch.id).to_string()),
            unit: crossmatch.unit.to_string(),
            unit_href: subject_address(&Subject::from(crossmatch.unit).to_string()),
        })
        .collect();
    all.reverse();
    all
}

fn antigens(record: &Record<'_>) -> String {
    let profile = record.antigens();
    let words: Vec<String> = profile
        .typed()
        .map(|(antigen, typing)| {
            let sign = if typing == lifeline_core::blood::Typing::Positive {
                "+"
            } else {
                "−"
            };
            format!("{}{sign}", antigen.name())
        })
        .collect();
    words.join(" ")
}

/// Antibodies against platelets, strongest first, with the report.
fn platelet_antibodies(frame: &Frame, record: &Record<'_>) -> String {
    let reports = record
        .parts()
        .filter_map(|part| part.platelet_antibodies.as_ref());
    let shown = reports.map(|report| {
        let mut list: Vec<(u32, String)> = report
            .mfi
            .iter()
            .map(|(antigen, mfi)| (*mfi, format!("{antigen} {mfi}")))
            .collect();
        list.sort_by(|a, b| b.cmp(a));
        let names: Vec<String> = list.into_iter().map(|(_, words)| words).collect();
        let names = match names.is_empty() {
            true => frame.t.m("platelets-none-found"),
            false => names.join(&frame.t.m("list-separator")),
        };
        format!("{names} · {}", report.report)
    });
    shown.collect::<Vec<_>>().join(" · ")
}

/// The RHD genotype, and what RhD it makes the patient be transfused as.
fn genotype(frame: &Frame, record: &Record<'_>) -> String {
    let t = frame.t;
    let Some(genotype) = record.rhd_genotype() else {
        return String::new();
    };
    let alleles = genotype
        .alleles
        .map(|allele| t.m(&format!("rhd-allele-{}", allele.as_str())))
        .join(" / ");
    let treated = record.group(frame.now).group().map(|group| {
        let (rhd, reason) = record.rhd_managed(group.rhd, frame.now);
        t.a(
            "rhd-treated",
            &[("sign", &rhd.sign()), ("reason", &t.m(reason.word()))],
        )
    });
    [Some(alleles), Some(genotype.report.clone()), treated]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

fn particulars(frame: &Frame, hospital: &Hospital, record: &Record<'_>) -> Vec<(String, String)> {
    let t = frame.t;
    let who = &record.standing().demographics;
    let mut lines: Vec<(String, String)> = [
        ("patient-bed", &who.bed),
        ("patient-diagnosis", &who.diagnosis),
        ("patient-phone", &who.phone),
        ("patient-address", &who.address),
    ]
    .into_iter()
    .filter_map(|(key, text)| Some((t.m(key), text.clone()?)))
    .collect();
    if let Some(ward) = &who.ward {
        let words = crate::pages::parts::ward(frame, hospital, ward);
        lines.insert(0, (t.m("patient-ward"), words));
    }
    let former: Vec<String> = record
        .parts()
        .flat_map(|part| part.former_names.iter().cloned())
        .collect();
    if !former.is_empty() {
        lines.push((
            t.m("patient-former-names"),
            former.join(&t.m("list-separator")),
        ));
    }
    for kind in lifeline_core::patient::LinkKind::ALL {
        for other in record.linked(kind) {
            let name = hospital
                .patients
                .get(other)
                .map(|other| other.demographics.name.clone())
                .unwrap_or_default();
            let words = t.m(&format!("link-{}", kind.as_str().replace('_', "-")));
            lines.push((words, format!("{name} {other}")));
        }
    }
    let risk = record.risk(frame.now, frame.now);
    let risk = t.m(match risk {
        Ok(lifeline_core::patient::Risk::Exposed) => "risk-exposed",
        Ok(lifeline_core::patient::Risk::Unexposed) => "risk-unexposed",
        Ok(lifeline_core::patient::Risk::Unknown) | Err(_) => "risk-unknown",
    });
    lines.push((t.m("patient-exposure"), risk));
    let transfused = record.transfused().map(|at| frame.moment(at).text);
    lines.push((
        t.m("patient-transfused"),
        transfused.unwrap_or_else(|| t.m("patient-none-on-file")),
    ));
    let consent = record
        .consent()
        .map(|(signed, reference)| format!("{} · {reference}", frame.moment(signed).text));
    lines.push((
        t.m("patient-consent"),
        consent.unwrap_or_else(|| t.m("patient-none-on-file")),
    ));
    lines
}
