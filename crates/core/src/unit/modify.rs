use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::guard::{known, step};
use super::{Child, Status, Unit, UnitEvent};
use crate::blood::{
    Amount, Attribute, Attributes, LabelGroup, Millilitres, ProductCode, RhD, UnitId,
};
use crate::command::{Checks, Context, Decide, Decision};
use crate::finding::{Finding, Rule};
use crate::hospital::Hospital;
use crate::people::Action;
use crate::policy::{Modification, ModificationRule};
use crate::subject::Subject;

/// The most units one pool is made of.
pub const POOL_MOST: usize = 20;
/// The most parts one unit is divided into: a division code has one letter for them.
pub const PARTS_MOST: usize = 26;

/// Thaws, irradiates, washes, divides, pools or reduces units as the policy `unit.modifications` allows. The result expires no
/// later than anything it was made from. Where the policy names no new product code, the unit keeps its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModifyUnit {
    /// What is done.
    pub kind: Modification,
    /// To which; one, except for a pool of up to [`POOL_MOST`].
    pub units: Vec<UnitId>,
    /// The name on the new label, where one was printed elsewhere; otherwise it follows from the policy.
    pub into: Option<UnitId>,
    /// The volumes of the parts when divided, up to [`PARTS_MOST`].
    pub parts: Vec<Millilitres>,
    /// The volume afterwards, where it was measured.
    pub volume: Option<Millilitres>,
}

impl Decide for ModifyUnit {
    fn action(&self) -> Action {
        Action::UnitModify
    }

    fn subjects(&self) -> Vec<Subject> {
        let named = self.units.iter().take(POOL_MOST).copied();
        named.map(Subject::from).collect()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let units = self.material(&mut checks, hospital);
        for unit in &units {
            self.may(&mut checks, unit, context.at);
        }
        let children = units
            .split_first()
            .and_then(|(first, rest)| self.children(&mut checks, hospital, context, first, rest))
            .unwrap_or_default();
        // A new label is read by two people; a unit that keeps its name keeps its label.
        let relabelled = children
            .iter()
            .any(|child| !self.units.contains(&child.unit));
        let second = if relabelled || context.second.is_some() {
            checks.second(Action::UnitCheck)
        } else {
            None
        };
        checks.settle()?;
        Ok(vec![
            UnitEvent::Modified {
                modification: self.kind,
                parents: units.iter().map(|unit| unit.id).collect(),
                children,
                second,
            }
            .into(),
        ])
    }
}

impl ModifyUnit {
    /// The units named, each once, as many as this kind takes.
    fn material<'a>(&self, checks: &mut Checks<'_>, hospital: &'a Hospital) -> Vec<&'a Arc<Unit>> {
        let most = if self.kind == Modification::Pool {
            POOL_MOST
        } else {
            1
        };
        let least = if self.kind == Modification::Pool {
            2
        } else {
            1
        };
        let ids: BTreeSet<UnitId> = self.units.iter().copied().take(POOL_MOST + 1).collect();
        checks.require((least..=most).contains(&ids.len()), || {
            Finding::bad_value("units", "why-wrong-number")
                .with("least", least as i64)
                .with("most", most as i64)
        });
        ids.iter()
            .filter_map(|id| checks.take(known(hospital, *id)))
            .collect()
    }

    /// What every unit must be.
    fn may(&self, checks: &mut Checks<'_>, unit: &Unit, at: Timestamp) {
        checks.take(step(unit, Status::Consumed));
        checks.require(unit.status != Status::Quarantined, || {
            Finding::new(Rule::UnitQuarantined).with("unit", unit.id)
        });
        checks.require(unit.expires > at, || {
            Finding::new(Rule::UnitExpired)
                .with("unit", unit.id)
                .with("expires", unit.expires)
        });
        let frozen = unit.attributes.has(Attribute::Frozen);
        if self.kind == Modification::Thaw {
            checks.require(frozen, || {
                Finding::bad_value("modification", "why-not-frozen").with("unit", unit.id)
            });
        } else {
            checks.require(!frozen, || {
                Finding::new(Rule::UnitNotThawed).with("unit", unit.id)
            });
        }
        let repeatable = matches!(self.kind, Modification::Split | Modification::Pool);
        checks.require(
            repeatable || !unit.attributes.has(self.kind.attribute()),
            || Finding::bad_value("modification", "why-already-done").with("unit", unit.id),
        );
    }

    fn children(
        &self,
        checks: &mut Checks<'_>,
        hospital: &Hospital,
        context: &Context,
        first: &Arc<Unit>,
        rest: &[&Arc<Unit>],
    ) -> Option<Vec<Child>> {
        let rule = checks.take(
            hospital
                .policies
                .modification(self.kind, first.component, context.at)
                .map_err(|_| {
                    Finding::new(Rule::ModificationUnlisted)
                        .word(
                            "modification",
                            format!("modification-{}", self.kind.as_str()),
                        )
                        .word(
                            "component",
                            format!("component-{}", first.component.as_str()),
                        )
                }),
        )?;
        young_enough(checks, rule, first, context.at);
        let oldest = rest
            .iter()
            .map(|unit| unit.expires)
            .fold(first.expires, Timestamp::min);
        let lasts = rule.lasts_minutes.and_then(|minutes| {
            context
                .at
                .checked_add(SignedDuration::from_mins(minutes))
                .ok()
        });
        let expires = lasts.map_or(oldest, |until| until.min(oldest));
        let children = match self.kind {
            Modification::Split => self.divided(checks, first, rule, expires)?,
            Modification::Pool => vec![self.pooled(checks, first, rest, rule, expires)?],
            _ => vec![self.changed(checks, first, rule, expires)?],
        };
        for child in &children {
            checks.require(
                self.units.contains(&child.unit) || hospital.units.get(&child.unit).is_none(),
                || Finding::new(Rule::UnitDuplicate).with("unit", child.unit),
            );
        }
        Some(children)
    }

    /// One unit becomes one: under its own name, or under the new code.
    fn changed(
        &self,
        checks: &mut Checks<'_>,
        unit: &Unit,
        rule: &ModificationRule,
        expires: Timestamp,
    ) -> Option<Child> {
        let attributes = match self.kind {
            Modification::Thaw => unit.attributes.without(Attribute::Frozen),
            _ => unit.attributes,
        };
        Some(Child {
            unit: self.name(checks, unit, rule)?,
            group: unit.group,
            component: unit.component,
            attributes: attributes.with(self.kind.attribute()),
            amount: unit.amount,
            volume: self.measured(checks, unit.volume),
            expires,
        })
    }

    /// One unit becomes parts, each with its division code.
    fn divided(
        &self,
        checks: &mut Checks<'_>,
        unit: &Unit,
        rule: &ModificationRule,
        expires: Timestamp,
    ) -> Option<Vec<Child>> {
        let whole = unit.volume.0;
        let sum = self
            .parts
            .iter()
            .fold(0u32, |sum, part| sum.saturating_add(part.0));
        let good = (2..=PARTS_MOST).contains(&self.parts.len())
            && self.parts.iter().all(|part| part.0 > 0)
            && sum <= whole;
        checks.require(good, || {
            Finding::bad_value("parts", "why-parts")
                .with("volume", whole)
                .with("sum", sum)
        });
        if !good {
            return None;
        }
        let code = self.name(checks, unit, rule)?.product;
        let mut before = 0u32;
        let mut children = Vec::new();
        for (letter, volume) in ('A'..='Z').zip(&self.parts) {
            let product = checks.take(division(code, letter).ok_or_else(|| {
                Finding::bad_value("unit", "why-divided-twice").with("unit", unit.id)
            }))?;
            let share = |millilitres: u32| {
                let share = u64::from(unit.amount.hundredths) * u64::from(millilitres);
                u32::try_from(share / u64::from(whole.max(1))).unwrap_or(u32::MAX)
            };
            let after = before.saturating_add(volume.0);
            children.push(Child {
                unit: UnitId::new(unit.id.din, product),
                group: unit.group,
                component: unit.component,
                attributes: unit.attributes.with(Attribute::Split),
                amount: Amount {
                    hundredths: share(after).saturating_sub(share(before)),
                    measure: unit.amount.measure,
                },
                volume: *volume,
                expires,
            });
            before = after;
        }
        Some(children)
    }

    /// Several become one: alike in component, ABO type, patient and reservation.
    fn pooled(
        &self,
        checks: &mut Checks<'_>,
        first: &Unit,
        rest: &[&Arc<Unit>],
        rule: &ModificationRule,
        expires: Timestamp,
    ) -> Option<Child> {
        let request = |unit: &Unit| unit.reservation.as_ref().map(|held| held.request);
        for unit in rest {
            let differs = if unit.component != first.component {
                Some("field-component")
            } else if unit.group.abo != first.group.abo {
                Some("field-group")
            } else if unit.locked_to != first.locked_to {
                Some("field-locked-to")
            } else if request(unit) != request(first) {
                Some("field-request")
            } else {
                None
            };
            if let Some(field) = differs {
                checks.find(
                    Finding::new(Rule::PoolMismatch)
                        .with("unit", unit.id)
                        .with("first", first.id)
                        .word("field", field),
                );
            }
        }
        let all = || std::iter::once(first).chain(rest.iter().map(|unit| &***unit));
        let name = self.name(checks, first, rule)?;
        checks.require(!all().any(|unit| unit.id == name), || {
            Finding::bad_value("into", "why-new-label-needed")
        });
        let shared = Attribute::ALL
            .into_iter()
            .filter(|attribute| all().all(|unit| unit.attributes.has(*attribute)));
        Some(Child {
            unit: name,
            group: LabelGroup {
                abo: first.group.abo,
                rhd: pooled_rhd(all()),
            },
            component: first.component,
            attributes: Attributes::from(shared.collect::<Vec<_>>()).with(Attribute::Pooled),
            amount: Amount {
                hundredths: all().fold(0, |sum, unit| sum.saturating_add(unit.amount.hundredths)),
                measure: first.amount.measure,
            },
            volume: self.measured(
                checks,
                Millilitres(all().fold(0, |sum, unit| sum.saturating_add(unit.volume.0))),
            ),
            expires,
        })
    }

    /// The name of the result: as on the label that was printed, or the same donation under the policy's code.
    fn name(
        &self,
        checks: &mut Checks<'_>,
        unit: &Unit,
        rule: &ModificationRule,
    ) -> Option<UnitId> {
        if let Some(into) = self.into {
            let listed = rule
                .product
                .as_deref()
                .is_none_or(|code| code == into.product.description());
            checks.require(listed, || {
                Finding::bad_value("into", "why-other-product")
                    .with("product", into.product.as_str())
                    .with("expected", rule.product.as_deref().unwrap_or_default())
            });
            let same = self.kind == Modification::Pool || into.din == unit.id.din;
            checks.require(same, || Finding::bad_value("into", "why-other-donation"));
            return Some(into);
        }
        let Some(code) = &rule.product else {
            return Some(unit.id);
        };
        let tail = unit.id.product.as_str().get(5..).unwrap_or_default();
        let product = ProductCode::parse(&format!("{code}{tail}"))
            .map_err(|_| Finding::bad_value("into", "why-new-label-needed"));
        checks
            .take(product)
            .map(|product| UnitId::new(unit.id.din, product))
    }

    /// The volume stated for the result, or the one it has anyway. More cannot come out than went in.
    fn measured(&self, checks: &mut Checks<'_>, before: Millilitres) -> Millilitres {
        let volume = self.volume.unwrap_or(before);
        let washed = self.kind == Modification::Wash;
        checks.require(volume.0 > 0 && (washed || volume <= before), || {
            Finding::bad_value("volume", "why-volume").with("volume", before.0)
        });
        volume
    }
}

/// Units older than the rule allows, or of unknown age, may not be modified this way.
fn young_enough(checks: &mut Checks<'_>, rule: &ModificationRule, unit: &Unit, at: Timestamp) {
    let Some(minutes) = rule.within_minutes else {
        return;
    };
    let young = unit.collected.is_some_and(|collected| {
        at.duration_since(collected) <= SignedDuration::from_mins(minutes)
    });
    checks.require(young, || {
        let finding = Finding::new(Rule::ModificationTooOld)
            .with("unit", unit.id)
            .with("within", crate::finding::FactValue::Minutes(minutes));
        match unit.collected {
            Some(collected) => finding.with("collected", collected),
            None => finding.word("collected", "unknown"),
        }
    });
}

/// The division code of a part: a letter in the seventh place, or in the eighth when the unit is a part already.
fn division(code: ProductCode, letter: char) -> Option<ProductCode> {
    let mut tail = code.as_str().chars().skip(6);
    match (tail.next(), tail.next()) {
        (Some('0'), Some('0')) => code.division(letter, '0'),
        (Some(first), Some('0')) => code.division(first, letter.to_ascii_lowercase()),
        _ => None,
    }
}

/// A pool with any positive constituent is positive; with any unknown one, unknown unless positive.
fn pooled_rhd<'a>(units: impl Iterator<Item = &'a Unit>) -> Option<RhD> {
    let mut rhd = Some(RhD::Negative);
    for unit in units {
        match unit.group.rhd {
            Some(RhD::Positive | RhD::Weak) => return Some(RhD::Positive),
            None => rhd = None,
            Some(RhD::Negative) => {}
        }
    }
    rhd
}
