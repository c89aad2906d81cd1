//! The values that the template macros show. They hold words already chosen and no rules.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lifeline_core::blood::{Abo, BloodGroup, LabelGroup, RhD};

use super::i18n::Text;

/// How loud something is. Icon and words carry it; colour repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do: may go on.
    Good,
    /// Needs a reason or attention.
    Warn,
    /// Must not go on.
    Stop,
    /// To be known.
    Note,
}

impl Tone {
    /// The style class.
    pub fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Warn => "warn",
            Tone::Stop => "stop",
            Tone::Note => "note",
        }
    }

    /// The icon in the sprite; each tone has its own shape.
    pub fn icon(self) -> &'static str {
        match self {
            Tone::Good => "circle-check",
            Tone::Warn => "alert-triangle",
            Tone::Stop => "alert-octagon",
            Tone::Note => "info-circle",
        }
    }

    /// The tone in a word, for those who do not see the icon.
    pub fn word(self, t: &Text) -> String {
        match self {
            Tone::Good => t.m("tone-good"),
            Tone::Warn => t.m("tone-warn"),
            Tone::Stop => t.m("tone-stop"),
            Tone::Note => t.m("tone-note"),
        }
    }
}

/// One finding of a verdict: what, why, what to do. Empty parts are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingLine {
    /// How loud.
    pub tone: Tone,
    /// What was found.
    pub what: String,
    /// The evidence: value, time.
    pub why: String,
    /// What to do now.
    pub todo: String,
    /// Rule id and source, in small letters.
    pub source: String,
    /// Where the evidence is.
    pub href: String,
}

impl FindingLine {
    /// A finding with nothing but its headline; fill the rest in by field.
    pub fn new(tone: Tone, what: impl Into<String>) -> Self {
        Self {
            tone,
            what: what.into(),
            why: String::new(),
            todo: String::new(),
            source: String::new(),
            href: String::new(),
        }
    }
}

/// A verdict that can be read from a metre away, with every finding under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// The verdict.
    pub tone: Tone,
    /// The verdict in words.
    pub title: String,
    /// Every finding, the worst first.
    pub findings: Vec<FindingLine>,
}

/// A blood group as it is set on every page: a shape and colour of its own, the short form inside, the full form in words.
/// What is not known is shown as not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupMark {
    /// Decides shape and colour.
    pub abo: Option<Abo>,
    /// Decides whether the shape is filled (positive), tinted (weak), open (negative) or dashed (not known).
    pub rhd: Option<RhD>,
}

impl From<BloodGroup> for GroupMark {
    fn from(group: BloodGroup) -> Self {
        Self {
            abo: Some(group.abo),
            rhd: Some(group.rhd),
        }
    }
}

impl From<LabelGroup> for GroupMark {
    fn from(group: LabelGroup) -> Self {
        Self {
            abo: Some(group.abo),
            rhd: group.rhd,
        }
    }
}

impl GroupMark {
    /// A group nobody knows yet.
    pub const UNKNOWN: Self = Self {
        abo: None,
        rhd: None,
    };

    /// The style class of shape and colour.
    pub fn class(&self) -> &'static str {
        match self.abo {
            Some(Abo::A) => "group-a",
            Some(Abo::B) => "group-b",
            Some(Abo::O) => "group-o",
            Some(Abo::Ab) => "group-ab",
            None => "group-unknown",
        }
    }

    /// The style class of the filling.
    pub fn fill(&self) -> &'static str {
        match self.rhd {
            Some(RhD::Positive) => "rhd-positive",
            Some(RhD::Negative) => "rhd-negative",
            Some(RhD::Weak) => "rhd-weak",
            None => "rhd-unknown",
        }
    }

    /// The outline in a 48 × 48 field: A a house, B a hexagon, O a circle, AB a lozenge.
    pub fn outline(&self) -> &'static str {
        match self.abo {
            Some(Abo::A) => "M24 2 45 17V46H3V17Z",
            Some(Abo::B) => "M13 3H35L46 24 35 45H13L2 24Z",
            Some(Abo::O) => "M24 2A22 22 0 0 1 24 46 22 22 0 0 1 24 2Z",
            Some(Abo::Ab) => "M24 1 47 24 24 47 1 24Z",
            None => "M3 3H45V45H3Z",
        }
    }

    /// The short form: `A+`, `AB−`, `O?`, `?`.
    pub fn short(&self) -> String {
        let rhd = match self.rhd {
            Some(RhD::Positive) => "+",
            // The real minus sign: as wide as the plus, never lost at the end of a line.
            Some(RhD::Negative) => "−",
            Some(RhD::Weak) => "w",
            None => "?",
        };
        match (self.abo, self.rhd) {
            (None, None) => "?".to_owned(),
            (abo, _) => format!("{}{rhd}", abo.map_or("?", Abo::as_str)),
        }
    }

    /// The full form: `A RhD阳性 (A+)`.
    pub fn words(&self, t: &Text) -> String {
        if *self == Self::UNKNOWN {
            return t.m("group-unknown");
        }
        let abo = self
            .abo
            .map_or_else(|| t.m("group-abo-unknown"), |abo| abo.to_string());
        let rhd = match self.rhd {
            Some(RhD::Positive) => t.m("group-rhd-positive"),
            Some(RhD::Negative) => t.m("group-rhd-negative"),
            Some(RhD::Weak) => t.m("group-rhd-weak"),
            None => t.m("group-rhd-unknown"),
        };
        t.a(
            "group-full",
            &[("abo", &abo), ("rhd", &rhd), ("short", &self.short())],
        )
    }
}

/// A point in time as pages show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// `2026-11-22 14:05` in the hospital's zone.
    pub text: String,
    /// RFC 3339 in UTC, for the client's clocks.
    pub iso: String,
}

impl Moment {
    /// This instant on the wall of this zone.
    pub fn new(at: Timestamp, zone: &TimeZone) -> Self {
        let local = zone.to_datetime(at);
        Self {
            text: format!(
                "{:04}-{:02}-{:02} {:02}:{:02}",
                local.year(),
                local.month(),
                local.day(),
                local.hour(),
                local.minute()
            ),
            iso: at.to_string(),
        }
    }
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineEntry {
    /// When.
    pub at: Moment,
    /// How loud.
    pub tone: Tone,
    /// What happened.
    pub what: String,
    /// Who did it, where.
    pub who: String,
    /// Particulars; may be empty.
    pub detail: String,
    /// The journal entry.
    pub href: String,
}

/// Where one is in a long list. Addresses are empty at the ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pager {
    /// This page, from 1.
    pub page: u64,
    /// How many there are.
    pub pages: u64,
    /// The address of the page before.
    pub previous: String,
    /// The address of the page after.
    pub next: String,
}
