//! Acknowledgements and answers: who wants which, and how they look.

use super::{Message, Separators, Writer};

/// Acknowledgement codes (HL7 table 0008).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Application accept: the work is done.
    AA,
    /// Application error: the content cannot be used.
    AE,
    /// Application reject: wrong type, version or receiver.
    AR,
    /// Accept: the message is stored.
    CA,
    /// Accept error.
    CE,
    /// Accept reject.
    CR,
}

impl Code {
    /// As sent in MSA-1.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AA => "AA",
            Self::AE => "AE",
            Self::AR => "AR",
            Self::CA => "CA",
            Self::CE => "CE",
            Self::CR => "CR",
        }
    }

    fn is_accept(self) -> bool {
        matches!(self, Self::CA | Self::CE | Self::CR)
    }
}

/// When an acknowledgement is wanted (HL7 table 0155).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// AL
    Always,
    /// NE
    Never,
    /// ER: on errors and rejects.
    OnError,
    /// SU: on success.
    OnSuccess,
}

impl When {
    fn read(text: &str, empty: Self) -> Self {
        match text.trim() {
            "AL" => Self::Always,
            "NE" => Self::Never,
            "ER" => Self::OnError,
            "SU" => Self::OnSuccess,
            _ => empty,
        }
    }

    /// Whether one is wanted for an outcome.
    #[must_use]
    pub fn wants(self, success: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::OnError => !success,
            Self::OnSuccess => success,
        }
    }
}

/// What the sender of a message wants to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The accept acknowledgement, after the message is stored (MSH-15).
    pub accept: When,
    /// The application acknowledgement, after the work (MSH-16).
    pub application: When,
}

/// Reads MSH-15 and MSH-16. Both empty is original mode: one application acknowledgement, always.
#[must_use]
pub fn wanted(message: &Message<'_>) -> Wanted {
    let (accept, application) = (message.field("MSH", 15), message.field("MSH", 16));
    if accept.is_empty() && application.is_empty() {
        return Wanted {
            accept: When::Never,
            application: When::Always,
        };
    }
    Wanted {
        accept: When::read(&accept.text(), When::Never),
        application: When::read(&application.text(), When::Never),
    }
}

/// What we put into the header of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Ours<'a> {
    /// MSH-10 of the answer, unique for us.
    pub control_id: &'a str,
    /// MSH-7, `YYYYMMDDHHMMSS` with optional zone.
    pub time: &'a str,
}

/// The message type that answers another: code, event, structure. `None` when the standard names no answer but ACK.
#[must_use]
pub fn answer_type(code: &str, event: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match (code, event) {
        ("ORM", "O01") => ("ORR", "O02", "ORR_O02"),
        ("OML", "O21") => ("ORL", "O22", "ORL_O22"),
        ("OML", "O33") => ("ORL", "O34", "ORL_O34"),
        ("OML", "O35") => ("ORL", "O36", "ORL_O36"),
        ("OMB", "O27") => ("ORB", "O28", "ORB_O28"),
        ("BPS", "O29") => ("BRP", "O30", "BRP_O30"),
        ("BTS", "O31") => ("BRT", "O32", "BRT_O32"),
        ("QBP", "Q11") => ("RSP", "K11", "RSP_K11"),
        _ => return None,
    })
}

/// Writes MSH of an answer: sender and receiver exchanged, version, processing id and character set mirrored.
pub fn header(message: &Message<'_>, ours: Ours<'_>, kind: &[&str]) -> Writer {
    let mut w = Writer::new(message.separators());
    let msh = |n: usize| message.field("MSH", n);
    w.segment("MSH");
    for n in [5, 6, 3, 4] {
        w.raw(msh(n).raw());
    }
    w.field(ours.time)
        .skip(1)
        .components(kind)
        .field(ours.control_id)
        .raw(msh(11).raw())
        .raw(msh(12).raw());
    w.skip(5).raw(msh(18).raw());
    w
}

/// An acknowledgement of a message. Accept codes make a plain ACK; application codes the answer type of the message.
#[must_use]
pub fn acknowledge(
    message: &Message<'_>,
    code: Code,
    ours: Ours<'_>,
    text: Option<&str>,
) -> Vec<u8> {
    let (kind, event) = message.kind();
    let answer = if code.is_accept() {
        None
    } else {
        answer_type(&kind, &event)
    };
    let mut w = match answer {
        Some((a, b, c)) => header(message, ours, &[a, b, c]),
        // Receivers before 2.3.1 know no message structure.
        None if message.field("MSH", 12).raw().starts_with(b"2.3") || event.is_empty() => {
            header(message, ours, &["ACK", &event])
        }
        None => header(message, ours, &["ACK", &event, "ACK"]),
    };
    w.segment("MSA")
        .field(code.as_str())
        .raw(message.field("MSH", 10).raw());
    if let Some(text) = text {
        w.field(text);
        if !matches!(code, Code::AA | Code::CA) {
            // ERR-3: 207 is the general application error; ERR-8 is for people.
            w.segment("ERR")
                .skip(2)
                .components(&["207", "Application internal error", "HL70357"])
                .field("E")
                .skip(3)
                .field(text);
        }
    }
    w.finish()
}

/// A rejection of bytes that are no readable message: there is nothing to mirror.
#[must_use]
pub fn reject_unreadable(ours: Ours<'_>, text: &str) -> Vec<u8> {
    let mut w = Writer::new(Separators::default());
    w.segment("MSH")
        .skip(4)
        .field(ours.time)
        .skip(1)
        .field("ACK")
        .field(ours.control_id)
        .field("P")
        .field("2.5.1");
    w.segment("MSA")
        .field(Code::AR.as_str())
        .field("")
        .field(text);
    w.finish()
}
