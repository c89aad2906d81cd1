//! Work for a device: orders, and the answer that there is none.

use std::collections::BTreeMap;

use super::path::Path;
use super::{AnswerRule, Profile, ProfileProtocol};
use crate::Limits;
use crate::astm::lis2::Writer as AstmWriter;
use crate::charset::Charset;
use crate::hl7::{self, Separators, Writer as Hl7Writer, law, reply};

/// Tests of one sample.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkItem {
    /// Sample id.
    pub sample: String,
    /// Patient number.
    pub patient: Option<String>,
    /// Family and given name.
    pub name: Option<(String, String)>,
    /// Birth date, `YYYYMMDD`.
    pub birth: Option<String>,
    /// `M`, `F` or `U`.
    pub sex: Option<String>,
    /// Our tests with the id of each order.
    pub tests: Vec<(String, String)>,
    /// Donor unit of a crossmatch.
    pub unit: Option<String>,
    /// Whether it is urgent.
    pub urgent: bool,
}

/// What the codec cannot know: the time, a fresh control id, and the message that is answered.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// `YYYYMMDDHHMMSS`.
    pub time: &'a str,
    /// Fresh control id; a second message gets `-2` behind it.
    pub control_id: &'a str,
    /// The query being answered; HL7 answers mirror it. Nothing for orders sent unasked.
    pub query: Option<&'a [u8]>,
}

/// Why work cannot be put into a device's form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The profile has no `[answer]`.
    #[error("profile {0} sends no orders")]
    NoOrders(String),
    /// A test that the device has no code for.
    #[error("profile {profile} has no code for test {test:?}")]
    UnknownTest {
        /// Profile.
        profile: String,
        /// Our test.
        test: String,
    },
    /// A text that the device's character set does not have.
    #[error("a text cannot be written in the device's character set")]
    Charset,
    /// The query to be answered is not readable.
    #[error("the query cannot be answered: {0}")]
    Query(String),
}

/// The messages that give a device its work, in the order they are sent. No item at all is the device's negative answer.
///
/// # Errors
/// [`AnswerError`] when the profile cannot say it; nothing is sent in part.
pub fn orders(
    profile: &Profile,
    items: &[WorkItem],
    envelope: &Envelope<'_>,
) -> Result<Vec<Vec<u8>>, AnswerError> {
    let rule = profile
        .answer
        .as_ref()
        .ok_or_else(|| AnswerError::NoOrders(profile.name.clone()))?;
    for (test, _) in items.iter().flat_map(|i| &i.tests) {
        if !rule.tests.contains_key(test) {
            return Err(AnswerError::UnknownTest {
                profile: profile.name.clone(),
                test: test.clone(),
            });
        }
    }
    let messages = match profile.link.protocol {
        ProfileProtocol::Astm => vec![astm(rule, items, envelope)],
        ProfileProtocol::Hl7 => hl7_orders(rule, items, envelope)?,
    };
    messages
        .into_iter()
        .map(|m| {
            encode(
                m,
                profile
                    .link
                    .charset
                    .first()
                    .copied()
                    .unwrap_or(Charset::Utf8),
            )
        })
        .collect()
}

fn encode(message: Vec<u8>, charset: Charset) -> Result<Vec<u8>, AnswerError> {
    if charset == Charset::Utf8 || message.is_ascii() {
        return Ok(message);
    }
    let text = String::from_utf8(message).map_err(|_| AnswerError::Charset)?;
    charset.encode(&text).ok_or(AnswerError::Charset)
}

fn astm(rule: &AnswerRule, items: &[WorkItem], envelope: &Envelope<'_>) -> Vec<u8> {
    let delimiters = envelope
        .query
        .and_then(|q| {
            crate::astm::lis2::decode(q, &Limits::default())
                .ok()?
                .first()
                .map(|m| m.delimiters())
        })
        .unwrap_or_default();
    let mut w = AstmWriter::new(delimiters);
    w.header()
        .skip(2)
        .field(&rule.sender)
        .skip(6)
        .field("P")
        .field("LIS2-A2")
        .field(envelope.time);
    let work: Vec<&WorkItem> = items.iter().filter(|i| !i.tests.is_empty()).collect();
    for (n, item) in work.iter().enumerate() {
        let mut words = Words {
            item,
            code: "",
            order: "",
            time: envelope.time,
        };
        record(&mut w, rule, 'P', n + 1, &words);
        for (m, (test, order)) in item.tests.iter().enumerate() {
            words.code = rule.tests.get(test).map_or("", String::as_str);
            words.order = order;
            record(&mut w, rule, 'O', m + 1, &words);
            if item.unit.is_some() {
                record(&mut w, rule, 'C', 1, &words);
            }
        }
    }
    w.record('L').field("1").field(if work.is_empty() {
        &rule.nothing
    } else {
        &rule.found
    });
    w.finish()
}

/// Writes a record from the templates of its fields; nothing when it has no template.
fn record(w: &mut AstmWriter, rule: &AnswerRule, letter: char, sequence: usize, words: &Words<'_>) {
    let mut fields: BTreeMap<usize, BTreeMap<usize, String>> = BTreeMap::new();
    for (key, template) in &rule.fields {
        let Ok(path) = Path::try_from(key.clone()) else {
            continue;
        };
        if path.record.chars().eq([letter]) {
            let text = words.fill(template);
            fields
                .entry(path.field)
                .or_default()
                .insert(path.component.unwrap_or(1), text);
        }
    }
    if fields.is_empty() && letter != 'P' {
        return;
    }
    w.record(letter).field(&sequence.to_string());
    let mut next = 3;
    for (field, components) in fields.range(3..) {
        w.skip(field - next);
        let last = components.keys().last().copied().unwrap_or(1);
        let texts: Vec<&str> = (1..=last)
            .map(|n| components.get(&n).map_or("", String::as_str))
            .collect();
        w.components(&texts);
        next = field + 1;
    }
}

/// What templates are filled with.
struct Words<'a> {
    item: &'a WorkItem,
    code: &'a str,
    order: &'a str,
    time: &'a str,
}

impl Words<'_> {
    fn fill(&self, template: &str) -> String {
        let item = self.item;
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        let (family, given) = item.name.clone().unwrap_or_default();
        // One whole word a field: a text that holds braces itself is not filled again.
        match template {
            "{sample}" => item.sample.clone(),
            "{patient}" => text(&item.patient),
            "{family}" => family,
            "{given}" => given,
            "{birth}" => text(&item.birth),
            "{sex}" => text(&item.sex),
            "{test}" => self.code.to_owned(),
            "{order}" => self.order.to_owned(),
            "{priority}" => if item.urgent { "S" } else { "R" }.to_owned(),
            "{unit}" => text(&item.unit),
            "{time}" => self.time.to_owned(),
            fixed => fixed.to_owned(),
        }
    }
}

fn hl7_orders(
    rule: &AnswerRule,
    items: &[WorkItem],
    envelope: &Envelope<'_>,
) -> Result<Vec<Vec<u8>>, AnswerError> {
    let ours = reply::Ours {
        control_id: envelope.control_id,
        time: envelope.time,
    };
    let second = format!("{}-2", envelope.control_id);
    let queries = envelope
        .query
        .map(|q| hl7::decode(q, &Limits::default()))
        .transpose()
        .map_err(|e| AnswerError::Query(e.to_string()))?;
    let query = queries.as_ref().and_then(|q| q.first());
    let work: Vec<&WorkItem> = items.iter().filter(|i| !i.tests.is_empty()).collect();
    let mut messages = Vec::new();
    let mut w = match query {
        Some(query) => {
            let kind: Vec<&str> = rule.response.iter().map(String::as_str).collect();
            let outcome = if work.is_empty() {
                law::QueryOutcome::NotFound
            } else {
                law::QueryOutcome::Found
            };
            messages.push(law::query_response(
                query,
                ours,
                (!kind.is_empty()).then_some(kind.as_slice()),
                outcome,
            ));
            reply::header(
                query,
                reply::Ours {
                    control_id: &second,
                    ..ours
                },
                &["OML", "O33", "OML_O33"],
            )
        }
        None => {
            let mut w = Hl7Writer::new(Separators::default());
            w.segment("MSH")
                .field(&rule.sender)
                .skip(3)
                .field(envelope.time)
                .skip(1)
                .components(&["OML", "O33", "OML_O33"]);
            w.field(envelope.control_id)
                .field("P")
                .field("2.5.1")
                .skip(5)
                .field("UNICODE UTF-8");
            w
        }
    };
    for item in &work {
        if item.patient.is_some() || item.name.is_some() {
            let (family, given) = item.name.clone().unwrap_or_default();
            w.segment("PID")
                .field("1")
                .skip(1)
                .field(item.patient.as_deref().unwrap_or_default())
                .skip(1)
                .components(&[&family, &given]);
            w.skip(1)
                .field(item.birth.as_deref().unwrap_or_default())
                .field(item.sex.as_deref().unwrap_or_default());
        }
        let tests: Vec<law::OrderedTest<'_>> = item
            .tests
            .iter()
            .map(|(test, order)| law::OrderedTest {
                order_id: order,
                code: rule.tests.get(test).map_or("", String::as_str),
                system: &rule.system,
                urgent: item.urgent,
            })
            .collect();
        law::work_order(&mut w, &item.sample, "", &tests);
    }
    if work.is_empty() {
        // Not found: LAW wants an order message that says so for each sample asked for.
        let asked = query
            .and_then(law::query)
            .map(|q| q.samples)
            .unwrap_or_default();
        if asked.is_empty() {
            return Ok(messages);
        }
        for sample in &asked {
            law::work_order(&mut w, sample, "", &[]);
        }
    }
    messages.push(w.finish());
    Ok(messages)
}
