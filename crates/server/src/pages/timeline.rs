//! What happened, in words: journal entries as lines of a timeline, the same on every page.
//!
//! A kind `unit.group_confirmed` is worded by the message `event-unit-group-confirmed`, whose variables are the fields of the fact's
//! body, already in words. Particulars that any fact may carry (reason, note, second person …) follow below by themselves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeline_core::finding::{Fact, FactValue, Finding, Refusal, Rule};
use lifeline_core::hospital::Hospital;
use lifeline_core::id::{
    CaseId, ComparisonId, ControlCode, CrossmatchId, DeliveryId, DiscrepancyId, IssueId,
    MeasurementId, MessageId, NearMissId, NonconformityId, PatientId, ProposalId, RequestId,
    ReviewId, RoundId, RunId, ShiftId, TestId, UserId, WorkupId,
};
use lifeline_core::subject::Subject;
use lifeline_core::unit::Hold;
use lifeline_journal::{Entry, Seek};
use serde_json::{Map, Value};

use crate::app::App;
use crate::web::i18n::Argument;
use crate::web::{Frame, GroupMark, Lang, PageError, Room, TimelineEntry, Tone};

/// The most lines a page shows of one thing; the journal page has them all.
pub const LINES_MOST: usize = 300;

/// Particulars shown below the line, in this order, where the fact has them.
const PARTICULARS: [&str; 15] = [
    "hold",
    "reason",
    "note",
    "finding",
    "expires",
    "until",
    "due",
    "under",
    "delivery",
    "reference",
    "report",
    "amount",
    "volume",
    "second",
    "asked_by",
];

/// Fields that hold further fields worth naming.
const INNER: [&str; 6] = [
    "work",
    "order",
    "demographics",
    "entry",
    "chosen",
    "instead",
];

/// Everything that happened to any of these things, newest first, each fact once.
///
/// # Errors
/// [`PageError::Unavailable`] when the journal does not answer.
pub async fn of(
    app: &App,
    frame: &Frame,
    subjects: &[Subject],
) -> Result<Vec<TimelineEntry>, PageError> {
    let hospital = app.state();
    let mut entries = BTreeMap::new();
    for subject in subjects {
        let page = app
            .desk
            .journal()
            .read_by_subject(&subject.to_string(), Seek::NEWEST, LINES_MOST)
            .await
            .map_err(|error| {
                tracing::error!(%error, "timeline");
                PageError::Unavailable
            })?;
        entries.extend(page.entries.into_iter().map(|entry| (entry.seq, entry)));
    }
    let newest = entries.values().rev().take(LINES_MOST);
    Ok(newest.map(|entry| line(frame, &hospital, entry)).collect())
}

/// The most changes a stale form names.
const CHANGES_MOST: usize = 5;

/// Tells a stale form what changed since it was opened: each change in words, with who made it. Where the journal does not
/// answer, the finding still says who changed the thing last.
pub async fn name_changes(app: &App, frame: &Frame, refusal: &mut Refusal, seen: u64) {
    let hospital = app.state();
    for finding in &mut refusal.findings {
        let subject = finding.facts.iter().find_map(|fact| match &fact.value {
            FactValue::Subject(subject) if fact.name == "subject" => Some(subject.to_string()),
            _ => None,
        });
        let Some(subject) = subject.filter(|_| finding.rule == Rule::StaleForm) else {
            continue;
        };
        let journal = app.desk.journal();
        let page = journal
            .read_by_subject(&subject, Seek::NEWEST, CHANGES_MOST)
            .await;
        let entries = match page {
            Ok(page) => page.entries,
            Err(error) => {
                tracing::error!(%error, "what changed meanwhile");
                continue;
            }
        };
        for entry in entries.iter().filter(|entry| entry.seq > seen) {
            let one = line(frame, &hospital, entry);
            finding.facts.push(Fact {
                name: "change".into(),
                value: FactValue::Text(format!("{} ({}, {})", one.what, one.who, one.at.text)),
            });
        }
    }
}

/// One journal entry in words.
pub fn line(frame: &Frame, hospital: &Hospital, entry: &Entry) -> TimelineEntry {
    let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
    let mut fields = Map::new();
    gather(&body, 0, &mut fields);
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in &fields {
        let shown = show(frame, hospital, name, value);
        words.insert(name.clone(), shown.unwrap_or_else(|| "—".into()));
    }
    let particulars: Vec<String> = PARTICULARS
        .into_iter()
        .filter_map(|name| {
            let shown = show(frame, hospital, name, fields.get(name)?)?;
            let name = frame.t.m(&format!("fact-{name}"));
            Some(
                frame
                    .t
                    .a("fact-pair", &[("name", &name), ("value", &shown)]),
            )
        })
        .collect();
    let arguments: Vec<(&str, &dyn Argument)> = words
        .iter()
        .map(|(name, value)| (name.as_str(), value as &dyn Argument))
        .collect();
    let at = Timestamp::from_millisecond(entry.at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    TimelineEntry {
        at: frame.moment(at),
        tone: tone(&entry.kind),
        what: frame.t.a(&key(&entry.kind), &arguments),
        who: person(frame, hospital, &entry.actor),
        detail: particulars.join(&frame.t.m("fact-separator")),
        // Who may not read the journal gets no door that stays shut.
        href: if frame.rooms.contains(&Room::Journal) {
            format!("/journal/{}", entry.seq)
        } else {
            String::new()
        },
    }
}

/// The message of a kind: `unit.group_confirmed` is `event-unit-group-confirmed`.
pub fn key(kind: &str) -> String {
    format!("event-{}", kind.replace(['.', '_'], "-"))
}

/// A person's name in the page's language; the login where the person is not known.
pub fn person(frame: &Frame, hospital: &Hospital, login: &str) -> String {
    let known = UserId::parse(login)
        .ok()
        .and_then(|user| hospital.people.get(&user));
    match known {
        Some(person) if frame.lang() == Lang::En => person.latin.clone(),
        Some(person) => person.name.clone(),
        None => login.to_owned(),
    }
}

/// A control's name in the page's language; its code where the plan does not hold it.
fn control(frame: &Frame, hospital: &Hospital, code: &str) -> String {
    let known = ControlCode::parse(code)
        .ok()
        .and_then(|code| lifeline_core::quality::control(hospital, &code, frame.now).ok());
    match known {
        Some(control) if frame.lang() == Lang::En => control.en.clone(),
        Some(control) => control.zh.clone(),
        None => code.to_owned(),
    }
}

/// A person's name as it was written on a tube or a request: in the page's language where it is the name of somebody known here.
pub fn written(frame: &Frame, hospital: &Hospital, name: &str) -> String {
    if frame.lang() != Lang::En {
        return name.to_owned();
    }
    let mut known = hospital
        .people
        .values()
        .filter(|person| person.name == name);
    match (known.next(), known.next()) {
        (Some(person), None) => person.latin.clone(),
        _ => name.to_owned(),
    }
}

fn tone(kind: &str) -> Tone {
    match kind {
        "audit.refused"
        | "unit.group_mismatched"
        | "unit.recalled"
        | "unit.lost"
        | "sample.suspected"
        | "sample.rejected"
        | "device.message_failed"
        | "quality.case_opened"
        | "people.sign_in_failed" => Tone::Stop,
        "unit.held"
        | "quality.waived"
        | "unit.discarded"
        | "unit.returned_to_station"
        | "issue.returned"
        | "test.invalidated"
        | "test.corrected"
        | "measured.invalidated"
        | "measured.corrected"
        | "crossmatch.voided"
        | "lot.blocked"
        | "device.out_of_service"
        | "patient.merged"
        | "patient.unmerged"
        | "patient.antibody_withdrawn"
        | "identification.reopened"
        | "identification.ended"
        | "identification.withdrawn"
        | "patient.group_withdrawn"
        | "patient.historic_group_withdrawn"
        | "request.returned"
        | "request.cancelled" => Tone::Warn,
        "unit.group_confirmed"
        | "unit.hold_lifted"
        | "test.verified"
        | "measured.verified"
        | "crossmatch.reviewed"
        | "sample.accepted"
        | "issue.retrospective_closed" => Tone::Good,
        _ => Tone::Note,
    }
}

/// The fields of the fact: below the two names around every body (`unit`, `received`), with those of [`INNER`] beside them.
fn gather(value: &Value, depth: usize, fields: &mut Map<String, Value>) {
    let Value::Object(map) = value else {
        return;
    };
    if depth < 2 {
        if let Some(inner) = map.values().next() {
            gather(inner, depth + 1, fields);
        }
        return;
    }
    for (name, value) in map {
        if INNER.contains(&name.as_str()) {
            gather(value, depth + 1, fields);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
}

/// A value in words; none when there is nothing to say.
fn show(frame: &Frame, hospital: &Hospital, name: &str, value: &Value) -> Option<String> {
    let t = &frame.t;
    let read = |value: &Value| serde_json::from_value::<Hold>(value.clone()).ok();
    match (name, value) {
        (_, Value::Null) => None,
        ("hold", value) => read(value).map(|hold| worded(frame, &hold.word(), hold.code())),
        ("findings", Value::Array(found)) => {
            let titles = found.iter().filter_map(|one| {
                let finding: Finding = serde_json::from_value(one.clone()).ok()?;
                Some(t.m(&format!("rule-{}", finding.rule.code())))
            });
            Some(titles.collect::<Vec<_>>().join(&t.m("fact-separator")))
        }
        (_, Value::Bool(yes)) => Some(t.m(if *yes { "yes" } else { "no" })),
        (_, Value::Number(number)) => Some(match name {
            "volume" => format!("{number} {}", t.m("unit-ml")),
            _ => number
                .as_u64()
                .and_then(|number| counted(name, number))
                .unwrap_or_else(|| number.to_string()),
        }),
        (_, Value::String(text)) => string(frame, hospital, name, text),
        (_, Value::Array(items)) => {
            let shown = items
                .iter()
                .filter_map(|item| show(frame, hospital, name, item));
            let shown: Vec<_> = shown.collect();
            (!shown.is_empty()).then(|| shown.join(&t.m("list-separator")))
        }
        (_, Value::Object(map)) => object(frame, hospital, name, map),
    }
}

/// What the hospital counts up itself has a letter in front: patient 3 is `P000003` wherever it is named.
fn counted(name: &str, number: u64) -> Option<String> {
    Some(match name {
        "patient" | "from" | "into" => PatientId(number).to_string(),
        "request" => RequestId(number).to_string(),
        "test" | "tests" => TestId(number).to_string(),
        "measurement" | "measured" => MeasurementId(number).to_string(),
        "crossmatch" | "crossmatches" => CrossmatchId(number).to_string(),
        "issue" => IssueId(number).to_string(),
        "message" => MessageId(number).to_string(),
        "proposal" => ProposalId(number).to_string(),
        "round" => RoundId(number).to_string(),
        "discrepancy" => DiscrepancyId(number).to_string(),
        "workup" => WorkupId(number).to_string(),
        "near_miss" => NearMissId(number).to_string(),
        "run" | "repeat" => RunId(number).to_string(),
        "case" | "cases" => CaseId(number).to_string(),
        "nonconformity" | "nonconformities" => NonconformityId(number).to_string(),
        "review" => ReviewId(number).to_string(),
        "comparison" => ComparisonId(number).to_string(),
        "under" | "delivery" => DeliveryId(number).to_string(),
        "shift" => ShiftId(number).to_string(),
        _ => return None,
    })
}

fn string(frame: &Frame, hospital: &Hospital, name: &str, text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return None;
    }
    Some(match name {
        "reason" => worded(frame, &format!("reason-{text}"), text),
        "component" | "modification" | "status" | "attribute" => {
            worded(frame, &format!("{name}-{text}"), text)
        }
        "kind" => worded(frame, &format!("test-kind-{text}"), text),
        "outcome" | "screen" | "dat" | "fate" => worded(frame, &format!("outcome-{text}"), text),
        "category" => worded(frame, &format!("discrepancy-{text}"), text),
        "change" => worded(frame, &format!("lot-change-{text}"), text),
        "ended" => worded(frame, &format!("delivery-ended-{text}"), text),
        "step" => worded(frame, &format!("workup-step-{text}"), text),
        "cause" => {
            let quality = worded(frame, &format!("qc-cause-{text}"), text);
            worded(frame, &format!("workup-cause-{text}"), &quality)
        }
        "ruling" => {
            let quality = worded(frame, &format!("qc-ruling-{text}"), text);
            worded(frame, &format!("ruling-{text}"), &quality)
        }
        "control" => control(frame, hospital, text),
        "alleles" => worded(frame, &format!("rhd-allele-{text}"), text),
        "user" | "second" | "taker" | "collector" | "proposed_by" | "asked_by" => {
            person(frame, hospital, text)
        }
        _ => match text.parse::<Timestamp>() {
            Ok(at) => frame.moment(at).text,
            Err(_) => text.to_owned(),
        },
    })
}

fn object(
    frame: &Frame,
    hospital: &Hospital,
    name: &str,
    map: &Map<String, Value>,
) -> Option<String> {
    let value = || Value::Object(map.clone());
    if map.contains_key("abo") {
        let part = |name: &str| map.get(name).cloned().unwrap_or_default();
        let mark = GroupMark {
            abo: serde_json::from_value(part("abo")).ok(),
            rhd: serde_json::from_value(part("rhd")).ok(),
        };
        return Some(mark.words(&frame.t));
    }
    if let Ok(amount) = serde_json::from_value::<lifeline_core::blood::Amount>(value()) {
        return Some(super::blood::amount(frame, amount));
    }
    if let Some(unit) = map.get("unit") {
        return show(frame, hospital, "unit", unit);
    }
    // `{"screen": "negative"}`, `{"transfused": {…}}`: the one name says it, or what stands below it.
    match map.iter().next() {
        Some((only, Value::Object(_))) if map.len() == 1 && !map_is_group(map) => {
            Some(worded(frame, &format!("outcome-{only}"), only))
        }
        Some((only, inner)) if map.len() == 1 => show(frame, hospital, only, inner),
        _ => {
            let pairs = map
                .iter()
                .filter_map(|(key, value)| show(frame, hospital, name, value).map(|v| (key, v)));
            let shown: Vec<_> = pairs.map(|(key, value)| format!("{key} {value}")).collect();
            (!shown.is_empty()).then(|| shown.join(&frame.t.m("list-separator")))
        }
    }
}

fn map_is_group(map: &Map<String, Value>) -> bool {
    map.contains_key("group")
}

/// The words of a key where the message files have it; else the code as it stands.
pub fn worded(frame: &Frame, key: &str, code: &str) -> String {
    if frame.t.has(key) {
        frame.t.m(key)
    } else {
        code.to_owned()
    }
}

/// A value of the core in words, as a timeline would say it under this field name; empty when there is nothing to say.
pub fn value(
    frame: &Frame,
    hospital: &Hospital,
    name: &str,
    value: &impl serde::Serialize,
) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|value| show(frame, hospital, name, &value))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use lifeline_core::event::Event;

    use lifeline_core::id::TestId;

    use super::{counted, key};
    use crate::web::{Lang, Text};

    #[test]
    fn what_is_counted_is_named_as_everywhere_else() {
        assert_eq!(counted("patient", 3).unwrap(), "P000003");
        assert_eq!(counted("into", 12).unwrap(), "P000012");
        assert_eq!(counted("tests", 1).unwrap(), TestId(1).to_string());
        assert_eq!(counted("run", 7).unwrap(), "K000007");
        assert_eq!(counted("case", 7).unwrap(), "C000007");
        assert_eq!(counted("parts", 2), None, "a count is a count");
    }

    #[test]
    fn every_kind_of_fact_has_words_in_both_languages() {
        let mut missing = Vec::new();
        for t in Lang::ALL.map(Text::new) {
            missing.extend(Event::kinds().map(key).filter(|key| !t.has(key)));
        }
        assert_eq!(missing, Vec::<String>::new());
    }
}
