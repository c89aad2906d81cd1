use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use lifeline_core::blood::{
    Antigen, Attribute, BloodGroup, PlateletAntigen, RhdAllele, RhdGenotype, Typing,
};
use lifeline_core::command::Command;
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{PatientId, PatientNumber};
use lifeline_core::patient::{
    AmendPatient, EndNeed, LinkKind, LinkPatients, MergePatients, NeedKind, Patient, RaiseNeed,
    RecordAntibody, RecordConsent, RecordHistoricGroup, RecordPlateletAntibodies,
    RecordRhdGenotype, Said, Specificity, StateExposure, TypePatientAntigen, UnlinkPatients,
    UnmergePatients, WithdrawAntibody, WithdrawHistoricGroup,
};
use lifeline_core::people::Action;

use super::register::{demographic_inputs, filled, read};
use crate::app::App;
use crate::pages::person::{Strip, address, need, specificity};
use crate::pages::sheet::{
    Answer, Input, Kind, Sheet, bad_identifier, moment, moment_value, optional_moment, send,
};
use crate::web::{Form, Frame, PageError, Posted, Visit};

/// One act on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Amend,
    Antibody,
    WithdrawAntibody,
    Antigen,
    Genotype,
    WithdrawGenotype,
    PlateletAntibodies,
    Need,
    EndNeed,
    Exposure,
    Consent,
    Historic,
    WithdrawHistoric,
    Merge,
    Unmerge,
    Link,
    Unlink,
}

impl Act {
    pub(super) const ALL: [Self; 17] = [
        Self::Amend,
        Self::Exposure,
        Self::Antibody,
        Self::WithdrawAntibody,
        Self::Antigen,
        Self::Genotype,
        Self::WithdrawGenotype,
        Self::PlateletAntibodies,
        Self::Need,
        Self::EndNeed,
        Self::Consent,
        Self::Historic,
        Self::WithdrawHistoric,
        Self::Merge,
        Self::Unmerge,
        Self::Link,
        Self::Unlink,
    ];

    /// The last part of the address, and the word in message keys.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Amend => "amend",
            Self::Antibody => "antibody",
            Self::WithdrawAntibody => "withdraw-antibody",
            Self::Antigen => "antigen",
            Self::Genotype => "genotype",
            Self::WithdrawGenotype => "withdraw-genotype",
            Self::PlateletAntibodies => "platelet-antibodies",
            Self::Need => "need",
            Self::EndNeed => "end-need",
            Self::Exposure => "exposure",
            Self::Consent => "consent",
            Self::Historic => "historic",
            Self::WithdrawHistoric => "withdraw-historic",
            Self::Merge => "merge",
            Self::Unmerge => "unmerge",
            Self::Link => "link",
            Self::Unlink => "unlink",
        }
    }

    fn parse(text: &str) -> Result<Self, PageError> {
        Self::ALL
            .into_iter()
            .find(|act| act.as_str() == text)
            .ok_or(PageError::NotFound)
    }

    /// The privilege the act asks for; the desk asks again.
    pub(super) fn action(self) -> Action {
        match self {
            Self::Amend => Action::PatientRegister,
            Self::Merge | Self::Unmerge => Action::PatientMerge,
            Self::WithdrawHistoric | Self::WithdrawAntibody => Action::TestCorrect,
            _ => Action::PatientHistory,
        }
    }

    /// Whether the record offers it: an unmerge only for what was merged, and so on.
    pub(super) fn offered(self, hospital: &Hospital, patient: &Patient) -> bool {
        match self {
            Self::WithdrawAntibody => {
                patient.merged_into.is_none() && !on_file(hospital, patient.id).is_empty()
            }
            Self::WithdrawGenotype => {
                patient.merged_into.is_none() && patient.rhd_genotype.is_some()
            }
            Self::Unmerge => patient.merged_into.is_some(),
            Self::Unlink => !patient.links.is_empty(),
            Self::WithdrawHistoric => patient.determinations.iter().any(|d| d.sample.is_none()),
            _ => patient.merged_into.is_none(),
        }
    }

    fn inputs(self, frame: &Frame, hospital: &Hospital, patient: &Patient) -> Vec<Input> {
        let t = frame.t;
        let antigens = || {
            Antigen::ALL
                .iter()
                .map(|antigen| (antigen.name().to_owned(), antigen.name().to_owned()))
        };
        let reason = || Input::must(Kind::Text, "why", t.m("act-reason"));
        match self {
            Self::Amend => {
                let mut inputs = demographic_inputs(frame, hospital);
                inputs.push(Input::may(
                    Kind::Tick,
                    "unidentified",
                    t.m("patient-is-unidentified"),
                ));
                inputs
            }
            Self::Antibody => vec![
                Input::may(Kind::Select, "antigen", t.m("act-antibody-antigen")).of(antigens()),
                Input::may(Kind::Text, "words", t.m("act-antibody-other"))
                    .note(t.m("act-antibody-other-note")),
                Input::must(Kind::Choice, "significant", t.m("act-antibody-significant"))
                    .of([("yes".into(), t.m("yes")), ("no".into(), t.m("no"))]),
                Input::may(Kind::Text, "test", t.m("act-antibody-test")),
            ],
            Self::Antigen => vec![
                Input::must(Kind::Select, "antigen", t.m("act-antigen")).of(antigens()),
                Input::must(Kind::Choice, "typing", t.m("act-typing")).of([
                    ("positive".into(), t.m("typing-positive")),
                    ("negative".into(), t.m("typing-negative")),
                    ("not_tested".into(), t.m("typing-not-tested")),
                ]),
            ],
            Self::Genotype => {
                let alleles = || {
                    RhdAllele::ALL.iter().map(|allele| {
                        let word = allele.as_str();
                        (word.to_owned(), t.m(&format!("rhd-allele-{word}")))
                    })
                };
                vec![
                    Input::must(Kind::Select, "first", t.m("act-genotype-first")).of(alleles()),
                    Input::must(Kind::Select, "other", t.m("act-genotype-second")).of(alleles()),
                    Input::must(Kind::Text, "report", t.m("act-genotype-report")),
                ]
            }
            // The record says by itself what is taken back and why it stood: the report.
            Self::WithdrawGenotype => Vec::new(),
            Self::PlateletAntibodies => vec![
                Input::must(Kind::Text, "report", t.m("act-genotype-report")),
                Input::may(Kind::Lines, "antibodies", t.m("platelets-antibodies"))
                    .note(t.m("act-platelet-antibodies-format")),
            ],
            Self::Need => vec![
                Input::must(Kind::Select, "kind", t.m("act-need"))
                    .of(need_options(frame, all_needs())),
                Input::may(Kind::Moment, "from", t.m("act-need-from"))
                    .note(t.m("act-need-from-note")),
                Input::may(Kind::Moment, "until", t.m("act-need-until"))
                    .note(t.m("act-need-until-note")),
                reason(),
            ],
            Self::EndNeed => {
                let in_force = hospital
                    .record_of(patient.id)
                    .iter()
                    .flat_map(|record| record.needs(frame.now))
                    .map(|need| need.kind)
                    .collect();
                vec![
                    Input::must(Kind::Select, "kind", t.m("act-need"))
                        .of(need_options(frame, in_force)),
                    reason(),
                ]
            }
            Self::Exposure => vec![
                Input::must(Kind::Choice, "said", t.m("act-exposure")).of([
                    ("neither".into(), t.m("exposure-neither")),
                    ("last".into(), t.m("exposure-last")),
                    ("unknown".into(), t.m("exposure-unknown")),
                ]),
                Input::may(Kind::Moment, "last", t.m("act-exposure-last"))
                    .note(t.m("act-exposure-last-note")),
            ],
            Self::Consent => vec![
                Input::must(Kind::Moment, "signed", t.m("act-consent-signed")),
                Input::must(Kind::Text, "reference", t.m("act-consent-reference")),
            ],
            Self::Historic => vec![
                Input::must(Kind::Select, "group", t.m("act-historic-group")).of(groups(frame)),
                Input::must(Kind::Moment, "determined", t.m("act-historic-determined")),
            ],
            Self::Link => vec![
                Input::must(Kind::Choice, "kind", t.m("act-link-kind")).of(LinkKind::ALL.map(
                    |kind| {
                        let words = t.m(&format!("link-{}", kind.as_str().replace('_', "-")));
                        (kind.as_str().into(), words)
                    },
                )),
                Input::must(Kind::Scan("patient"), "other", t.m("act-link-other"))
                    .note(t.m("act-merge-into-note")),
            ],
            Self::Unlink => vec![
                Input::must(Kind::Select, "link", t.m("act-link-which")).of(patient
                    .links
                    .iter()
                    .map(|(kind, other)| {
                        let name = hospital.patients.get(*other);
                        let name = name.map_or("", |other| other.demographics.name.as_str());
                        let words = t.m(&format!("link-{}", kind.as_str().replace('_', "-")));
                        (
                            format!("{}:{other}", kind.as_str()),
                            format!("{words} {name} {other}"),
                        )
                    })),
                reason(),
            ],
            Self::WithdrawAntibody => {
                let options = on_file(hospital, patient.id)
                    .into_iter()
                    .map(|one| (antibody_code(&one), specificity(frame, &one)));
                vec![
                    Input::must(Kind::Select, "antibody", t.m("act-withdraw-antibody-which"))
                        .of(options),
                    reason(),
                ]
            }
            Self::WithdrawHistoric | Self::Unmerge => vec![reason()],
            Self::Merge => vec![
                Input::must(Kind::Scan("patient"), "into", t.m("act-merge-into"))
                    .note(t.m("act-merge-into-note")),
                reason(),
            ],
        }
    }

    fn read(
        self,
        frame: &Frame,
        hospital: &Hospital,
        patient: PatientId,
        form: &mut Form,
    ) -> Option<Command> {
        let t = frame.t;
        let bad = bad_identifier(frame);
        let missing = t.m("sheet-choose");
        let reason = form.value("why").to_owned();
        Some(match self {
            Self::Amend => {
                let (numbers, demographics) = read(frame, form)?;
                AmendPatient {
                    patient,
                    numbers,
                    demographics,
                    unidentified: form.has("unidentified", "yes"),
                }
                .into()
            }
            Self::Antibody => {
                let words = form.value("words").to_owned();
                let specificity = if words.is_empty() {
                    let antigen = Antigen::parse(form.value("antigen"));
                    if antigen.is_none() {
                        form.refuse("antigen", missing.clone());
                    }
                    antigen.map(Specificity::Antigen)
                } else {
                    Some(Specificity::Other(words))
                };
                let significant = yes_or_no(form, "significant", &missing);
                let test = form.read_optional("test", str::parse, |_| bad);
                RecordAntibody {
                    patient,
                    specificity: specificity?,
                    significant: significant?,
                    test,
                }
                .into()
            }
            Self::Antigen => {
                let antigen = Antigen::parse(form.value("antigen"));
                let typing = match form.value("typing") {
                    "positive" => Some(Typing::Positive),
                    "negative" => Some(Typing::Negative),
                    "not_tested" => Some(Typing::NotTested),
                    _ => None,
                };
                for (field, given) in [("antigen", antigen.is_some()), ("typing", typing.is_some())]
                {
                    if !given {
                        form.refuse(field, missing.clone());
                    }
                }
                TypePatientAntigen {
                    patient,
                    antigen: antigen?,
                    typing: typing?,
                }
                .into()
            }
            Self::Genotype => {
                let alleles = ["first", "other"].map(|field| {
                    let allele = RhdAllele::parse(form.value(field));
                    if allele.is_none() {
                        form.refuse(field, missing.clone());
                    }
                    allele
                });
                let [Some(first), Some(second)] = alleles else {
                    return None;
                };
                RecordRhdGenotype {
                    patient,
                    genotype: Some(RhdGenotype {
                        alleles: [first, second],
                        report: form.value("report").into(),
                    }),
                }
                .into()
            }
            Self::WithdrawGenotype => RecordRhdGenotype {
                patient,
                genotype: None,
            }
            .into(),
            Self::PlateletAntibodies => RecordPlateletAntibodies {
                patient,
                antibodies: fluorescence(frame, form)?,
                report: form.value("report").into(),
            }
            .into(),
            Self::Need | Self::EndNeed => {
                let kind = all_needs()
                    .into_iter()
                    .find(|kind| need_code(*kind) == form.value("kind"));
                if kind.is_none() {
                    form.refuse("kind", missing);
                }
                if self == Self::EndNeed {
                    let kind = kind?;
                    return Some(
                        EndNeed {
                            patient,
                            kind,
                            reason,
                        }
                        .into(),
                    );
                }
                let from = optional_moment(frame, form, "from");
                let until = optional_moment(frame, form, "until");
                RaiseNeed {
                    patient,
                    kind: kind?,
                    from,
                    until,
                    reason,
                }
                .into()
            }
            Self::Exposure => {
                let said = match form.value("said") {
                    "neither" => Some(Said::Neither),
                    "unknown" => Some(Said::Unknown),
                    "last" => moment(frame, form, "last").map(Said::Last),
                    _ => {
                        form.refuse("said", missing);
                        None
                    }
                };
                StateExposure {
                    patient,
                    said: said?,
                }
                .into()
            }
            Self::Consent => RecordConsent {
                patient,
                signed: moment(frame, form, "signed")?,
                reference: form.value("reference").into(),
            }
            .into(),
            Self::Historic => {
                let group = form.read("group", BloodGroup::parse, |_| missing);
                let determined = moment(frame, form, "determined");
                RecordHistoricGroup {
                    patient,
                    group: group?,
                    determined: determined?,
                }
                .into()
            }
            Self::Link => {
                let kind = LinkKind::parse(form.value("kind"));
                if kind.is_none() {
                    form.refuse("kind", missing);
                }
                let other = form.read(
                    "other",
                    |text| find(hospital, text).ok_or(()),
                    |()| t.m("act-merge-unknown"),
                );
                LinkPatients {
                    patient,
                    kind: kind?,
                    other: other?,
                }
                .into()
            }
            Self::Unlink => {
                let link = form.value("link").to_owned();
                let chosen = link.split_once(':').and_then(|(kind, other)| {
                    Some((LinkKind::parse(kind)?, other.parse::<PatientId>().ok()?))
                });
                if chosen.is_none() {
                    form.refuse("link", missing);
                }
                let (kind, other) = chosen?;
                UnlinkPatients {
                    patient,
                    kind,
                    other,
                    reason,
                }
                .into()
            }
            Self::WithdrawAntibody => {
                let chosen = form.value("antibody").to_owned();
                let found = on_file(hospital, patient)
                    .into_iter()
                    .find(|one| antibody_code(one) == chosen);
                if found.is_none() {
                    form.refuse("antibody", missing);
                }
                WithdrawAntibody {
                    patient,
                    specificity: found?,
                    reason,
                }
                .into()
            }
            Self::WithdrawHistoric => WithdrawHistoricGroup { patient, reason }.into(),
            Self::Merge => {
                let into = form.read(
                    "into",
                    |text| find(hospital, text).ok_or(()),
                    |()| t.m("act-merge-unknown"),
                )?;
                MergePatients {
                    from: patient,
                    into,
                    reason,
                }
                .into()
            }
            Self::Unmerge => UnmergePatients {
                from: patient,
                reason,
            }
            .into(),
        })
    }
}

/// Antibodies on file of a person, each once.
fn on_file(hospital: &Hospital, patient: PatientId) -> Vec<Specificity> {
    let record = hospital.record_of(patient);
    let mut all: Vec<Specificity> = record
        .iter()
        .flat_map(|record| record.antibodies())
        .map(|antibody| antibody.specificity.clone())
        .collect();
    all.sort();
    all.dedup();
    all
}

fn antibody_code(specificity: &Specificity) -> String {
    match specificity {
        Specificity::Antigen(antigen) => format!("antigen:{}", antigen.name()),
        Specificity::Other(words) => format!("other:{words}"),
    }
}

fn yes_or_no(form: &mut Form, name: &str, missing: &str) -> Option<bool> {
    match form.value(name) {
        "yes" => Some(true),
        "no" => Some(false),
        _ => {
            form.refuse(name, missing);
            None
        }
    }
}

/// The record with this number, of ours or of another system.
pub(crate) fn find(hospital: &Hospital, text: &str) -> Option<PatientId> {
    let by_number = PatientNumber::parse(text)
        .ok()
        .and_then(|number| hospital.patients.by_number(&number))
        .map(|patient| patient.id);
    by_number.or_else(|| {
        let id: PatientId = text.parse().ok()?;
        hospital.patients.get(id).map(|patient| patient.id)
    })
}

fn all_needs() -> Vec<NeedKind> {
    let attributes = Attribute::ALL.into_iter().map(NeedKind::Attribute);
    let antigens = Antigen::ALL.iter().copied().map(NeedKind::Lacks);
    attributes.chain(antigens).collect()
}

fn need_code(kind: NeedKind) -> String {
    match kind {
        NeedKind::Attribute(attribute) => format!("attribute:{}", attribute.as_str()),
        NeedKind::Lacks(antigen) => format!("lacks:{}", antigen.name()),
    }
}

/// Antibodies as people copy them from a report: `A2 8000`, one a line or parted by commas.
fn fluorescence(frame: &Frame, form: &mut Form) -> Option<BTreeMap<PlateletAntigen, u32>> {
    let text = form.value("antibodies").to_owned();
    let mut found = BTreeMap::new();
    for (row, entry) in text
        .split(['\n', ',', ';', '，', '、', '；'])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .enumerate()
    {
        let (antigen, mfi) = entry
            .rsplit_once([' ', '\t', '=', ':'])
            .unwrap_or((entry, ""));
        let read = PlateletAntigen::parse(antigen)
            .ok()
            .zip(mfi.trim().parse::<u32>().ok());
        let fresh = read.is_some_and(|(antigen, mfi)| found.insert(antigen, mfi).is_none());
        if !fresh {
            let words = frame.t.a(
                "act-platelet-antibodies-wrong",
                &[("row", &(row + 1)), ("text", &entry)],
            );
            form.refuse("antibodies", words);
            return None;
        }
    }
    Some(found)
}

fn need_options(frame: &Frame, kinds: Vec<NeedKind>) -> Vec<(String, String)> {
    kinds
        .into_iter()
        .map(|kind| (need_code(kind), need(frame, kind)))
        .collect()
}

fn groups(frame: &Frame) -> Vec<(String, String)> {
    ["A+", "B+", "O+", "AB+", "A-", "B-", "O-", "AB-"]
        .into_iter()
        .filter_map(|text| {
            let group = BloodGroup::parse(text).ok()?;
            let words = crate::web::GroupMark::from(group).words(&frame.t);
            Some((text.to_owned(), words))
        })
        .collect()
}

fn sheet(
    frame: Frame,
    hospital: &Hospital,
    act: Act,
    patient: &Patient,
    form: Form,
    answer: Answer,
) -> Result<Sheet, PageError> {
    let t = frame.t;
    let strip = Strip::find(&frame, hospital, patient.id)?;
    Ok(Sheet {
        form,
        title: t.m(&format!("act-{}-title", act.as_str())),
        note: t.m(&format!("act-{}-note", act.as_str())),
        action: format!("{}/{}", address(patient.id), act.as_str()),
        back: address(patient.id),
        submit: t.m("sheet-record"),
        strip: Some(strip),
        answer,
        inputs: act.inputs(&frame, hospital, patient),
        second: match act {
            Act::WithdrawAntibody => Some(t.m("act-withdraw-antibody-second")),
            Act::Genotype => Some(t.m("act-genotype-sign")),
            _ => None,
        },
        frame,
    })
}

/// `GET /patients/{patient}/{act}`.
pub(super) async fn show(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((patient, act)): Path<(PatientPath, String)>,
) -> Result<Response, PageError> {
    let act = Act::parse(&act)?;
    app.look(&visit, act.action())?;
    let hospital = app.state();
    let patient = hospital
        .patients
        .get(patient.0)
        .ok_or(PageError::NotFound)?;
    let form = match act {
        Act::Amend => filled(&frame, &hospital, patient),
        Act::Consent => {
            let now = moment_value(&frame, frame.now);
            Form::filled(&frame, Posted::of([("signed", now.as_str())])).seeing(hospital.seq)
        }
        _ => Form::blank(&frame).seeing(hospital.seq),
    };
    Ok(sheet(frame, &hospital, act, patient, form, Answer::default())?.show())
}

/// `POST /patients/{patient}/{act}`.
pub(super) async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((patient, act)): Path<(PatientPath, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    let act = Act::parse(&act)?;
    app.look(&visit, act.action())?;
    let hospital = app.state();
    let patient = hospital
        .patients
        .get(patient.0)
        .ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let command = act.read(&frame, &hospital, patient.id, &mut form);
    let to = |_: &[_]| address(patient.id);
    match send(&app, &frame, &visit, &mut form, command, to).await? {
        Ok(gone) => Ok(gone),
        Err(answer) => Ok(sheet(frame, &hospital, act, patient, form, answer)?.show()),
    }
}

/// A patient's number in an address: `P000012`.
#[derive(Clone, Copy, Debug)]
pub(super) struct PatientPath(pub PatientId);

impl<'de> serde::Deserialize<'de> for PatientPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}
