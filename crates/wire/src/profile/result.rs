//! One result after the other: a well, an interpretation, a measurement, or a problem.

use std::collections::BTreeSet;

use lifeline_core::blood::Grade;
use lifeline_core::testing::Well;

use super::path::Path;
use super::reading::{DomainReading, LeftOut, Lot, Meaning, Observation, Problem, Query};
use super::source::{Found, Source};
use super::{Condition, InterpretationRule, Profile, WellRule};
use crate::astm::lis2;
use crate::value::{Comma, Value};

/// Reads the results of one message.
pub(super) struct Reader<'r> {
    profile: &'r Profile,
    pub(super) reading: &'r mut DomainReading,
    offset: &'r dyn Fn(usize) -> usize,
    /// Orders already reported as unreadable, by offset.
    bad_orders: BTreeSet<usize>,
    /// The order whose results are being counted, and the last number.
    counted: (usize, u32),
}

impl<'r> Reader<'r> {
    pub(super) fn new(
        profile: &'r Profile,
        reading: &'r mut DomainReading,
        offset: &'r dyn Fn(usize) -> usize,
    ) -> Self {
        Self {
            profile,
            reading,
            offset,
            bad_orders: BTreeSet::new(),
            counted: (usize::MAX, 0),
        }
    }

    pub(super) fn offset(&self, at: usize) -> usize {
        (self.offset)(at)
    }

    pub(super) fn problem(&mut self, at: usize, reason: impl Into<String>) {
        let at = self.offset(at);
        self.reading.problems.push(Problem {
            at,
            reason: reason.into(),
        });
    }

    pub(super) fn sender_fits(&mut self, header: &Source<'_>) -> bool {
        let rule = &self.profile.sender;
        let sender = header.get(&rule.path);
        let name = sender.as_ref().map(|f| f.text.clone());
        let fits = rule.is.is_empty()
            || name
                .as_ref()
                .is_some_and(|n| rule.is.iter().any(|is| is.eq_ignore_ascii_case(n)));
        if !fits {
            let at = sender.map_or(header.at(), |f| f.at);
            let name = name.as_deref().unwrap_or("nobody");
            self.problem(
                at,
                format!(
                    "sent by {name:?}, not by a device of profile {}",
                    self.profile.name
                ),
            );
        }
        if self.reading.sender.is_none() {
            self.reading.sender = name;
        }
        fits
    }

    /// Finds a gap in the numbers of the results of an order.
    pub(super) fn count(&mut self, record: lis2::Record<'_>) {
        if self
            .profile
            .link
            .result_fields
            .is_some_and(|most| record.len() > most)
        {
            self.problem(
                record.at(),
                "more fields than a result of this device has: two records may have run together",
            );
        }
        if !self.profile.link.counted_results {
            return;
        }
        let order = record.parent().map_or(0, |o| o.index());
        let expected = if self.counted.0 == order {
            self.counted.1.saturating_add(1)
        } else {
            1
        };
        let number = record.field(2).text().trim().parse().ok();
        if number != Some(expected) {
            self.problem(
                record.at(),
                format!(
                    "result {expected} of this order should stand here: a result may be missing"
                ),
            );
        }
        self.counted = (order, number.unwrap_or(expected));
    }

    pub(super) fn astm_query(&mut self, record: lis2::Record<'_>) {
        let Some(rule) = &self.profile.query else {
            self.problem(record.at(), "a query, which this profile does not know");
            return;
        };
        let source = Source::Astm(record);
        let found = rule
            .sample
            .iter()
            .map(|p| source.all(p))
            .find(|all| !all.is_empty())
            .unwrap_or_default();
        let samples: Vec<String> = found
            .into_iter()
            .map(|f| f.text)
            .filter(|t| !t.eq_ignore_ascii_case("ALL"))
            .collect();
        let query = Query {
            samples,
            tag: None,
            cancel: record.field(13).raw() == b"A",
            at: self.offset(record.at()),
        };
        self.reading.queries.push(query);
    }

    /// A result record: a well, an interpretation, a measurement, or a problem.
    pub(super) fn result(&mut self, source: &Source<'_>) {
        let profile = self.profile;
        let Some(test) = self.test(source) else {
            return;
        };
        let rule = &profile.result;
        let Some(name) = source.get(&rule.name).map(|f| f.text) else {
            self.problem(
                source.at(),
                format!("no name at {}: fields may be shifted", rule.name),
            );
            return;
        };
        if let Some(left_out) = profile
            .leave_out
            .iter()
            .find(|l| applies(&l.names, &l.tests, &name, &test))
        {
            let at = self.offset(source.at());
            self.reading.left_out.push(LeftOut {
                at,
                name,
                reason: left_out.reason.clone(),
            });
            return;
        }
        let Some(base) = self.base(source, test, name) else {
            return;
        };
        let wells_below = profile
            .well
            .as_ref()
            .filter(|w| w.name.record != rule.name.record);
        if let Some(well) = wells_below {
            for below in source.records(&well.name) {
                self.well(well, &below, base.clone(), source);
            }
        }
        let well_here = profile
            .well
            .as_ref()
            .filter(|w| w.name.record == rule.name.record && w.names.contains_key(&base.name));
        let interpretation = profile
            .interpretation
            .iter()
            .find(|i| applies(&i.names, &i.tests, &base.name, &base.test));
        let quantity = profile
            .quantity
            .as_ref()
            .filter(|q| q.any || q.names.contains_key(&base.name));
        match (well_here, interpretation, quantity) {
            (Some(well), ..) => self.well(well, source, base, source),
            (None, Some(rule), _) => self.interpretation(rule, source, base),
            (None, None, Some(quantity)) => self.quantity(quantity, source, base),
            (None, None, None) => self.problem(
                source.at(),
                format!(
                    "{:?} is no well and no result that the profile names",
                    base.name
                ),
            ),
        }
    }

    /// Our name of the test ordered; an order that cannot be read is reported once.
    fn test(&mut self, source: &Source<'_>) -> Option<String> {
        let rule = &self.profile.order;
        let code = source.get(&rule.test);
        let at = source.record_at(&rule.test).unwrap_or(source.at());
        let reason = match &code {
            Some(code) => match rule.tests.get(&code.text) {
                Some(ours) => return Some(ours.clone()),
                None if rule.any => return Some(code.text.clone()),
                None => format!(
                    "test {:?} is not in the profile; its results were not read",
                    code.text
                ),
            },
            None => format!(
                "no test at {}: fields may be shifted; its results were not read",
                rule.test
            ),
        };
        if self.bad_orders.insert(at) {
            self.problem(at, reason);
        }
        None
    }

    /// What every observation of a result shares, or nothing when its fields are not where they should be.
    fn base(&mut self, source: &Source<'_>, test: String, name: String) -> Option<Observation> {
        let profile = self.profile;
        let rule = &profile.result;
        let text = |path: &Option<Path>| path.as_ref().and_then(|p| source.get(p));
        let mut observation = Observation {
            test,
            name,
            at: self.offset(source.at()),
            ..Observation::default()
        };
        for (path, slot) in [
            (&rule.started, &mut observation.started),
            (&rule.completed, &mut observation.completed),
        ] {
            if let Some(found) = text(path) {
                if !is_time(&found.text) {
                    self.problem(
                        found.at,
                        format!(
                            "{:?} is no time: fields may be shifted; the result was not read",
                            found.text
                        ),
                    );
                    return None;
                }
                *slot = Some(found.text);
            }
        }
        for status in rule.status.iter().flat_map(|p| source.all(&each(p))) {
            match profile.status.get(&status.text) {
                Some(known) => observation.status = observation.status.or(Some(*known)),
                None => {
                    self.problem(
                        status.at,
                        format!(
                            "{:?} is no status: fields may be shifted; the result was not read",
                            status.text
                        ),
                    );
                    return None;
                }
            }
        }
        for flag in rule.flags.iter().flat_map(|p| source.all(&each(p))) {
            match profile.flags.get(&flag.text) {
                Some(known) if known.is_empty() => {}
                Some(known) => observation.flags.push(known.clone()),
                None => {
                    self.problem(
                        flag.at,
                        format!("flag {:?} is not in the profile", flag.text),
                    );
                    observation.flags.push(flag.text);
                }
            }
        }
        observation.edited = observation.flags.iter().any(|f| f == "edited");
        observation.qc = profile.qc.iter().any(|c| holds(c, source));
        let samples = profile
            .ids
            .sample
            .iter()
            .map(|p| source.all(p))
            .find(|all| !all.is_empty())
            .unwrap_or_default();
        let mut samples = samples.into_iter().map(|f| f.text);
        observation.sample = samples.next();
        observation.other_samples = samples
            .filter(|s| Some(s) != observation.sample.as_ref())
            .collect();
        if observation.qc
            && let Some(rule) = &profile.control
        {
            if rule.calibrates(source) {
                let at = observation.at;
                self.reading.left_out.push(LeftOut {
                    at,
                    name: observation.name,
                    reason: "a calibrator".into(),
                });
                return None;
            }
            observation.control = Some(rule.named(source, observation.sample.as_deref()));
        }
        observation.patient = profile
            .ids
            .patient
            .iter()
            .find_map(|p| source.get(p))
            .map(|f| f.text);
        observation.unit = profile.ids.unit.iter().find_map(|u| conditional(u, source));
        let named = observation
            .control
            .as_ref()
            .is_some_and(|control| control.level.is_some() || control.lot.is_some());
        if observation.sample.is_none() && observation.unit.is_none() && !named {
            self.problem(
                source.at(),
                format!(
                    "{:?} has no sample id: the result was not read",
                    observation.name
                ),
            );
            return None;
        }
        let owned = |f: Option<Found>| f.map(|f| f.text);
        observation.units = owned(text(&rule.units));
        observation.operator = owned(text(&rule.operator));
        observation.instrument = owned(text(&rule.instrument));
        observation.sent = owned(source.get(&rule.value)).unwrap_or_default();
        observation.lots = self.lots(source);
        Some(observation)
    }

    fn lots(&self, source: &Source<'_>) -> Vec<Lot> {
        let mut lots: Vec<Lot> = Vec::new();
        for rule in &self.profile.lots {
            for record in source.records(&rule.lot) {
                let text = |path: &Path| record.get(path).map(|f| f.text);
                let Some(lot) = text(&rule.lot) else { continue };
                let name = rule.name.as_ref().and_then(&text);
                let expiry = rule.expiry.as_ref().and_then(&text);
                let lot = Lot {
                    kind: rule.kind.clone(),
                    name,
                    lot,
                    expiry,
                };
                if !lots.contains(&lot) {
                    lots.push(lot);
                }
            }
        }
        lots
    }

    /// A well: `record` names and grades it, `result` is the result it belongs to.
    fn well(
        &mut self,
        rule: &WellRule,
        record: &Source<'_>,
        mut base: Observation,
        result: &Source<'_>,
    ) {
        let name = record.get(&rule.name).map(|f| f.text).unwrap_or_default();
        base.at = self.offset(record.at());
        let Some(well) = rule.names.get(&name).and_then(|w| Well::parse(w)) else {
            self.problem(record.at(), format!("well {name:?} is not in the profile"));
            return;
        };
        let Some(sent) = record.get(&rule.grade) else {
            self.problem(record.at(), format!("well {name:?} has no grade"));
            return;
        };
        let grade = match rule
            .grades
            .get(&sent.text)
            .map(|g| g.strip_prefix('!').ok_or(g))
        {
            Some(Err(grade)) => Grade::parse(grade),
            Some(Ok(reason)) => {
                self.problem(
                    sent.at,
                    format!(
                        "well {name:?} could not be read by the device: {reason} ({})",
                        sent.text
                    ),
                );
                return;
            }
            None => None,
        };
        let Some(grade) = grade else {
            self.problem(
                sent.at,
                format!(
                    "grade {:?} of well {name:?} is not in the profile",
                    sent.text
                ),
            );
            return;
        };
        let camera = rule.camera.as_ref().and_then(|p| record.get(p));
        base.edited |= camera.is_some_and(|c| c.text != sent.text)
            || rule.edited.iter().any(|c| holds(c, record));
        if record.at() != result.at() {
            base.lots = self.lots(record);
        }
        base.well = Some(well);
        base.grade = Some(grade);
        base.name = name;
        base.sent = sent.text;
        self.reading.observations.push(base);
    }

    fn interpretation(
        &mut self,
        rule: &InterpretationRule,
        source: &Source<'_>,
        mut base: Observation,
    ) {
        let word = |meaning: Meaning, text: &str| {
            self.profile
                .values
                .get(&meaning)
                .and_then(|words| words.get(text))
                .cloned()
        };
        let value = match (&rule.abo, &rule.rhd) {
            (Some(abo), Some(rhd)) => {
                let read =
                    |meaning, path: &Path| source.get(path).and_then(|f| word(meaning, &f.text));
                read(Meaning::Abo, abo)
                    .zip(read(Meaning::Rhd, rhd))
                    .map(|(a, d)| format!("{a}{d}"))
            }
            _ => word(rule.means, &base.sent),
        };
        let Some(value) = value else {
            self.problem(
                source.at(),
                format!("{:?} of {:?} is not in the profile", base.sent, base.name),
            );
            return;
        };
        base.means = Some(rule.means);
        base.value = Some(value);
        self.reading.observations.push(base);
    }

    fn quantity(&mut self, rule: &super::QuantityRule, source: &Source<'_>, mut base: Observation) {
        if let Some(found) = rule.aspect.as_ref().and_then(|p| source.get(p)) {
            let Some(ours) = rule.aspects.get(&found.text) else {
                self.problem(
                    found.at,
                    format!(
                        "part {:?} of {:?} is not in the profile",
                        found.text, base.name
                    ),
                );
                return;
            };
            base.aspect = Some(ours.clone());
        }
        if let Some(ours) = rule.names.get(&base.name) {
            base.test.clone_from(ours);
        }
        let comma = if self.profile.link.decimal_comma {
            Comma::Decimal
        } else {
            Comma::NotANumber
        };
        base.typed = Some(Value::read(&base.sent, comma));
        base.value = Some(base.sent.clone());
        self.reading.observations.push(base);
    }
}

/// Each repeat of a field on its own.
fn each(path: &Path) -> Path {
    // Component 1 of each repeat: flags and statuses are single codes, further components name the code system.
    Path {
        component: path.component.or(Some(1)),
        ..path.clone()
    }
}

fn applies(names: &[String], tests: &[String], name: &str, test: &str) -> bool {
    names.iter().any(|n| n == name) && (tests.is_empty() || tests.iter().any(|t| t == test))
}

pub(super) fn holds(condition: &Condition, source: &Source<'_>) -> bool {
    source
        .all(&condition.path)
        .iter()
        .any(|f| condition.is.contains(&f.text))
}

fn conditional(rule: &super::Conditional, source: &Source<'_>) -> Option<String> {
    source.records(&rule.path).into_iter().find_map(|record| {
        let fits = rule.when.as_ref().is_none_or(|c| holds(c, &record));
        record.get(&rule.path).filter(|_| fits).map(|f| f.text)
    })
}

/// Eight digits or more, perhaps with fraction and zone: a date with or without time.
fn is_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..).unwrap_or_default();
    (8..=14).contains(&digits) && (rest.is_empty() || rest.starts_with(['.', '+', '-']))
}
