//! What a scanner or a hand put into a field, read as label content; and the words for what it is when it is something else.

use jiff::Timestamp;
use jiff::civil::Time;
use lifeline_core::blood::{Din, LabelGroup, ProductCode, UnitId};
use lifeline_core::id::LocationId;
use lifeline_wire::isbt128::{Moment, ScanError, Symbol, parse_scan};

use crate::web::{Frame, Text, Tone};

/// What the last scan was, for the line under a scan field.
pub struct Said {
    /// How it went.
    pub tone: Tone,
    /// In words.
    pub words: String,
}

impl Said {
    /// These words.
    pub fn of(tone: Tone, words: String) -> Self {
        Self { tone, words }
    }
}

/// What one or several scans said of a bag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// Donation.
    pub din: Option<Din>,
    /// Product.
    pub product: Option<ProductCode>,
    /// Group.
    pub group: Option<LabelGroup>,
    /// Expiry.
    pub expires: Option<Moment>,
    /// Collection.
    pub collected: Option<Moment>,
}

impl Label {
    /// Takes over what a symbol says; what it says beside (antigens, container …) is not kept here.
    pub fn take(&mut self, symbol: &Symbol) {
        for part in symbol.parts() {
            match part {
                Symbol::Din { din, .. } => self.din = Some(*din),
                Symbol::Product { product, .. } => self.product = Some(*product),
                Symbol::AboRhd { group, .. } => self.group = Some(*group),
                Symbol::Expiry(moment) => self.expires = Some(*moment),
                Symbol::Collection(moment) => self.collected = Some(*moment),
                _ => {}
            }
        }
    }
}

/// The moment a label means where the hospital stands: an expiry without time is the end of its day.
pub fn expiry(frame: &Frame, moment: Moment) -> Option<Timestamp> {
    let time = moment.time.unwrap_or(Time::constant(23, 59, 59, 0));
    let at = moment.date.to_datetime(time);
    at.to_zoned(frame.site.zone.clone())
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// The key of the words for what a symbol is.
pub fn kind(symbol: &Symbol) -> &'static str {
    match symbol {
        Symbol::Din { .. } => "scan-is-din",
        Symbol::AboRhd { .. } => "scan-is-group",
        Symbol::Product { .. } => "scan-is-product",
        Symbol::Expiry(_) => "scan-is-expiry",
        Symbol::Collection(_) => "scan-is-collection",
        Symbol::Production(_) => "scan-is-production",
        Symbol::SpecialTesting { .. } => "scan-is-special",
        Symbol::Antigens { .. } => "scan-is-antigens",
        Symbol::Container { .. } => "scan-is-container",
        Symbol::Compound { .. } => "scan-is-compound",
    }
}

/// Why a scan cannot be read, in words.
pub fn unreadable(t: &Text, text: &str, error: &ScanError) -> String {
    let shown: String = text.chars().take(40).collect();
    match error {
        ScanError::Empty => t.m("scan-empty"),
        ScanError::TooLong => t.m("scan-too-long"),
        ScanError::UnsupportedGroup { code, .. } => {
            t.a("scan-group-unsupported", &[("code", code)])
        }
        ScanError::Repeated { .. } => t.m("scan-repeated"),
        _ => t.a("scan-unreadable", &[("text", &shown)]),
    }
}

/// A unit: its name, or a scan that holds donation and product.
///
/// # Errors
/// The words for what is wrong.
pub fn unit(t: &Text, text: &str) -> Result<UnitId, String> {
    if let Ok(unit) = text.parse() {
        return Ok(unit);
    }
    let symbol = parse_scan(text).map_err(|error| unreadable(t, text, &error))?;
    let mut label = Label::default();
    label.take(&symbol);
    match (label.din, label.product) {
        (Some(din), Some(product)) => Ok(UnitId::new(din, product)),
        _ => Err(t.a(
            "scan-other",
            &[
                ("is", &t.m(kind(&symbol))),
                ("expected", &t.m("scan-is-unit")),
            ],
        )),
    }
}

/// A place.
///
/// # Errors
/// The words for what is wrong.
pub fn place(t: &Text, text: &str) -> Result<LocationId, String> {
    LocationId::parse(text).map_err(|_| t.m("place-wrong"))
}
