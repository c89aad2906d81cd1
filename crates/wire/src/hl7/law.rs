//! IHE Laboratory Analytical Workflow: queries (LAB-27), work orders (LAB-28), results (LAB-29).

use super::reply::{Code, Ours, header};
use super::{Message, Segment, Writer};

/// What a specimen is for (SPM-11, HL7 table 0369).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpecimenRole {
    /// P, or empty: most messages of patients leave it out.
    Patient,
    /// Q: control.
    Control,
    /// C: calibrator.
    Calibrator,
    /// U: unknown to the manager (negative answer to a query).
    Unknown,
    /// Anything else.
    Other,
}

/// The role of an SPM segment.
#[must_use]
pub fn specimen_role(spm: &Segment<'_>) -> SpecimenRole {
    match spm.field(11).component(1).raw() {
        b"" | b"P" => SpecimenRole::Patient,
        b"Q" => SpecimenRole::Control,
        b"C" => SpecimenRole::Calibrator,
        b"U" => SpecimenRole::Unknown,
        _ => SpecimenRole::Other,
    }
}

/// A query for work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// QPD-2, repeated in the answer.
    pub tag: String,
    /// Sample ids asked for (QPD-3 in LAW; QPD-4, then QPD-3 the patient, with GeneXpert Z03). Empty: all.
    pub samples: Vec<String>,
    /// Patient id, with GeneXpert Z03.
    pub patient: Option<String>,
    /// Byte offset of the QPD segment.
    pub at: usize,
}

/// Reads QBP^Q11 (LAW) and QBP^Z03 (GeneXpert); nothing for other messages.
#[must_use]
pub fn query(message: &Message<'_>) -> Option<Query> {
    let (code, event) = message.kind();
    if code != "QBP" {
        return None;
    }
    let qpd = message.first("QPD")?;
    let texts = |n: usize| -> Vec<String> {
        qpd.field(n)
            .repeats()
            .map(|r| r.component(1).text().trim().to_owned())
            .filter(|t| !t.is_empty())
            .collect()
    };
    let z03 = event == "Z03";
    let samples = texts(if z03 { 4 } else { 3 });
    let patient = if z03 {
        texts(3).into_iter().next()
    } else {
        None
    };
    Some(Query {
        tag: qpd.field(2).text().into_owned(),
        samples,
        patient,
        at: qpd.at(),
    })
}

/// The id of a query taken back by QCN^J01 (QID-1).
#[must_use]
pub fn cancelled_query(message: &Message<'_>) -> Option<String> {
    (message.kind().0 == "QCN")
        .then(|| message.field("QID", 1).text().into_owned())
        .filter(|id| !id.is_empty())
}

/// How a query is answered (QAK-2, HL7 table 0208).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryOutcome {
    /// Orders follow.
    Found,
    /// No work for this sample.
    NotFound,
    /// The query could not be worked on.
    Error,
}

/// RSP^K11 (or the given type) to a query: MSA, QAK, and QPD as it came.
#[must_use]
pub fn query_response(
    message: &Message<'_>,
    ours: Ours<'_>,
    kind: Option<&[&str]>,
    outcome: QueryOutcome,
) -> Vec<u8> {
    let mut w = header(message, ours, kind.unwrap_or(&["RSP", "K11", "RSP_K11"]));
    let code = if outcome == QueryOutcome::Error {
        Code::AE
    } else {
        Code::AA
    };
    w.segment("MSA")
        .field(code.as_str())
        .raw(message.field("MSH", 10).raw());
    let status = match outcome {
        QueryOutcome::Found => "OK",
        QueryOutcome::NotFound => "NF",
        QueryOutcome::Error => "AE",
    };
    w.segment("QAK")
        .raw(message.field("QPD", 2).raw())
        .field(status)
        .raw(message.field("QPD", 1).raw());
    if let Some(qpd) = message.first("QPD") {
        w.segment("QPD");
        for field in qpd.fields() {
            w.raw(field.raw());
        }
    }
    w.finish()
}

/// One analysis ordered.
#[derive(Debug, Clone, Copy)]
pub struct OrderedTest<'a> {
    /// Analytical work order step id (ORC-2, OBR-2).
    pub order_id: &'a str,
    /// Test code of the device (OBR-4.1).
    pub code: &'a str,
    /// Name of the code system (OBR-4.3).
    pub system: &'a str,
    /// Urgent (TQ1-9 S) or routine (R).
    pub urgent: bool,
}

/// OML^O33 for one sample (LAB-28). No test at all makes the negative answer: SPM-11 U and ORC-1 DC. That form is from
/// memory of the PaLM framework and must be checked with the analyser before use.
pub fn work_order(w: &mut Writer, sample: &str, specimen_type: &str, tests: &[OrderedTest<'_>]) {
    let role = if tests.is_empty() { "U" } else { "P" };
    w.segment("SPM")
        .field("1")
        .field(sample)
        .skip(1)
        .field(specimen_type)
        .skip(6)
        .field(role);
    w.segment("SAC").skip(2).field(sample);
    if tests.is_empty() {
        w.segment("ORC").field("DC").skip(7);
    }
    for test in tests {
        w.segment("ORC").field("NW").field(test.order_id).skip(6);
        w.segment("TQ1")
            .skip(8)
            .field(if test.urgent { "S" } else { "R" });
        w.segment("OBR")
            .skip(1)
            .field(test.order_id)
            .skip(1)
            .components(&[test.code, "", test.system]);
    }
}
