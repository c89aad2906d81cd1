use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use lifeline_core::blood::{
    Abo, Antigen, AntigenProfile, Din, LabelGroup, ProductCode, RhD, Typing,
};
use lifeline_core::hospital::Hospital;
use lifeline_core::unit::stock::{Band, near_span};
use lifeline_wire::isbt128::{Moment as LabelMoment, parse_scan};

use crate::pages::{blood, scan};
use crate::web::{Form, Frame, GroupMark, Moment, Posted, Tone};

/// What was read of the bag's label so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Read {
    din: Option<Din>,
    product: Option<ProductCode>,
    group: Option<LabelGroup>,
    expires: Option<Timestamp>,
    collected: Option<Timestamp>,
}

impl Read {
    /// As the form carries it from scan to scan.
    pub(super) fn of(form: &Form) -> Self {
        Self {
            din: form.value("din").parse().ok(),
            product: form.value("product").parse().ok(),
            group: LabelGroup::parse(form.value("group")).ok(),
            expires: form.value("expires").parse().ok(),
            collected: form.value("collected").parse().ok(),
        }
    }

    /// The fields that carry it.
    pub(super) fn fields(&self) -> Posted {
        let text = |value: Option<String>| value.unwrap_or_default();
        let fields = [
            ("din", text(self.din.map(|din| din.to_string()))),
            ("product", text(self.product.map(|code| code.to_string()))),
            ("group", text(self.group.map(|group| group.to_string()))),
            ("expires", text(self.expires.map(|at| at.to_string()))),
            ("collected", text(self.collected.map(|at| at.to_string()))),
            ("scan", String::new()),
        ];
        Posted::of(fields.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// Puts a scan into its slots and says what it was.
    ///
    /// # Errors
    /// The words for why it was not taken; nothing is changed then.
    pub(super) fn scan(&mut self, frame: &Frame, text: &str) -> Result<String, String> {
        let t = &frame.t;
        let symbol = parse_scan(text).map_err(|error| scan::unreadable(t, text, &error))?;
        let mut seen = scan::Label::default();
        seen.take(&symbol);
        let is = t.m(scan::kind(&symbol));
        if seen == scan::Label::default() {
            let missing = self.missing(frame);
            return Err(t.a("scan-not-needed", &[("is", &is), ("expected", &missing)]));
        }
        let time =
            |moment: Option<LabelMoment>| moment.and_then(|moment| scan::expiry(frame, moment));
        let next = Self {
            din: self.slot(frame, "scan-is-din", self.din, seen.din)?,
            product: self.slot(frame, "scan-is-product", self.product, seen.product)?,
            group: self.slot(frame, "scan-is-group", self.group, seen.group)?,
            expires: self.slot(frame, "scan-is-expiry", self.expires, time(seen.expires))?,
            collected: self.slot(
                frame,
                "scan-is-collection",
                self.collected,
                time(seen.collected),
            )?,
        };
        *self = next;
        Ok(t.a("scan-read", &[("is", &is)]))
    }

    /// A slot takes what it has not, or the same again; anything else is another bag's label.
    fn slot<T: PartialEq>(
        &self,
        frame: &Frame,
        kind: &str,
        before: Option<T>,
        seen: Option<T>,
    ) -> Result<Option<T>, String> {
        match (before, seen) {
            (Some(before), Some(seen)) if before != seen => {
                Err(frame.t.a("scan-another-bag", &[("is", &frame.t.m(kind))]))
            }
            (before, seen) => Ok(seen.or(before)),
        }
    }

    fn missing(&self, frame: &Frame) -> String {
        let slots = [
            (self.din.is_none(), "scan-is-din"),
            (self.product.is_none(), "scan-is-product"),
            (self.group.is_none(), "scan-is-group"),
            (self.expires.is_none(), "scan-is-expiry"),
        ];
        let words: Vec<String> = slots
            .into_iter()
            .filter(|(missing, _)| *missing)
            .map(|(_, key)| frame.t.m(key))
            .collect();
        if words.is_empty() {
            frame.t.m("scan-nothing-more")
        } else {
            words.join(&frame.t.m("list-separator"))
        }
    }
}

/// The label as the page shows it.
pub(super) struct LabelView {
    pub(super) fields: Vec<(&'static str, String)>,
    pub(super) din: Option<(String, char)>,
    pub(super) product: Option<(String, String, bool)>,
    pub(super) group: Option<GroupMark>,
    pub(super) expires: Option<(Moment, Tone)>,
    pub(super) collected: Option<Moment>,
    pub(super) complete: bool,
}

impl LabelView {
    pub(super) fn of(frame: &Frame, hospital: &Hospital, read: &Read) -> Self {
        let carried = read.fields();
        let near = near_span(hospital, frame.now);
        let tone = |at: Timestamp| {
            let band = if at <= frame.now {
                Band::Expired
            } else if at.duration_since(frame.now) <= near {
                Band::Near
            } else {
                Band::Fresh
            };
            match band {
                Band::Expired => Tone::Stop,
                Band::Near => Tone::Warn,
                Band::Fresh => Tone::Good,
            }
        };
        Self {
            fields: ["din", "product", "group", "expires", "collected"]
                .into_iter()
                .map(|name| (name, carried.get(name).to_owned()))
                .collect(),
            din: read.din.map(|din| (din.grouped(), din.check_character())),
            product: read.product.map(|code| {
                let known = hospital.policies.product(code, frame.now).is_ok();
                (
                    code.to_string(),
                    blood::product(frame, hospital, code),
                    known,
                )
            }),
            group: read.group.map(GroupMark::from),
            expires: read.expires.map(|at| (frame.moment(at), tone(at))),
            collected: read.collected.map(|at| frame.moment(at)),
            complete: read.din.is_some()
                && read.product.is_some()
                && read.group.is_some()
                && read.expires.is_some(),
        }
    }
}

/// The groups a label can state, for the keyed path.
pub(super) fn groups(frame: &Frame) -> Vec<(String, String)> {
    [Some(RhD::Positive), Some(RhD::Negative), None]
        .into_iter()
        .flat_map(|rhd| Abo::ALL.map(|abo| LabelGroup { abo, rhd }))
        .map(|group| (group.to_string(), GroupMark::from(group).words(&frame.t)))
        .collect()
}

/// A donation number typed with its check character behind it.
pub(super) fn keyed_din(frame: &Frame, form: &mut Form) -> Option<Din> {
    let t = frame.t;
    form.read(
        "din",
        |text| {
            let text: String = text
                .chars()
                .filter(|c| !c.is_whitespace())
                .map(|c| c.to_ascii_uppercase())
                .collect();
            let (at, check) = text.char_indices().next_back().ok_or(())?;
            let number = text.get(..at).ok_or(())?;
            Din::parse_keyed(number, check).map_err(|_| ())
        },
        |()| t.m("receipt-din-keyed-wrong"),
    )
}

/// `2026-12-31 23:59`, or a day alone for its end.
pub(super) fn keyed_time(frame: &Frame, text: &str) -> Result<Timestamp, String> {
    let wrong = || frame.t.m("receipt-time-wrong");
    let moment = if let Ok(at) = text.replace(' ', "T").parse::<DateTime>()
        && text.len() > 10
    {
        LabelMoment {
            date: at.date(),
            time: Some(at.time()),
        }
    } else {
        LabelMoment {
            date: text.parse::<Date>().map_err(|_| wrong())?,
            time: None,
        }
    };
    scan::expiry(frame, moment).ok_or_else(wrong)
}

/// `c- E- K-`: antigens the station typed.
pub(super) fn antigens(frame: &Frame, form: &mut Form) -> Option<AntigenProfile> {
    let t = frame.t;
    form.read(
        "antigens",
        |text| {
            let mut profile = AntigenProfile::default();
            for word in text.split([' ', ',', '，']).filter(|word| !word.is_empty()) {
                let (name, typing) = if let Some(name) = word.strip_suffix('+') {
                    (name, Typing::Positive)
                } else if let Some(name) = word.strip_suffix(['-', '−']) {
                    (name, Typing::Negative)
                } else {
                    return Err(word.to_owned());
                };
                let antigen = Antigen::parse(name).ok_or_else(|| word.to_owned())?;
                profile.set(antigen, typing);
            }
            Ok(profile)
        },
        |word| t.a("receipt-antigen-wrong", &[("word", &word)]),
    )
}
