use super::{Case, Purpose};
use crate::blood::{Attribute, Component};
use crate::finding::{Finding, Rule};
use crate::policy::Key;
use crate::unit::{EntryPath, Regroup, Status};

/// The bag itself: its state, its date, what it is held for.
pub(super) fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let unit = case.unit;
    match unit.status {
        Status::Available | Status::Reserved | Status::Crossmatched => {}
        Status::Quarantined => {
            let mut finding = case.about(Rule::UnitQuarantined);
            for hold in &unit.holds {
                finding = finding.word("hold", format!("hold-{}", hold.code()));
            }
            findings.push(finding);
        }
        other => {
            let target = match case.purpose {
                Purpose::Reserve => Status::Reserved,
                Purpose::Issue | Purpose::Emergency(_) => Status::Issued,
            };
            findings.push(
                case.about(Rule::UnitTransition)
                    .word("from", other.word())
                    .word("to", target.word()),
            );
        }
    }
    if unit.expires <= case.at {
        findings.push(case.about(Rule::UnitExpired).with("expires", unit.expires));
    } else {
        near_expiry(case, findings);
    }
    match &unit.regroup {
        Regroup::NotRequired | Regroup::Confirmed(_) => {}
        Regroup::Awaited => findings
            .push(case.sourced(case.about(Rule::UnitGroupUnconfirmed), Key::RegroupRequired)),
        Regroup::Mismatch(test) => {
            findings.push(case.about(Rule::UnitGroupMismatch).with("test", *test));
        }
    }
    if unit.entry == EntryPath::Keyed && unit.checked_by.is_none() {
        findings.push(case.about(Rule::UnitKeyed));
    }
    if let Some(reservation) = &unit.reservation
        && reservation.request != case.request.id
    {
        findings.push(
            case.about(Rule::UnitReservedElsewhere)
                .with("request", reservation.request)
                .with("until", reservation.until),
        );
    }
    if let Some(owner) = unit.locked_to
        && !case.record.holds(owner)
    {
        findings.push(case.about(Rule::UnitLocked).with("patient", owner));
    }
    let frozen = unit.attributes.has(Attribute::Frozen) && !unit.attributes.has(Attribute::Thawed);
    if frozen && case.handing_over() {
        findings.push(case.about(Rule::UnitNotThawed));
    }
}

/// What lives for days only, or was thawed, is always close to its end, so the band says nothing about it.
fn near_expiry(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let unit = case.unit;
    let short_lived = unit.attributes.has(Attribute::Thawed)
        || matches!(
            unit.component,
            Component::Platelets | Component::Granulocytes
        );
    if case.purpose != Purpose::Issue || short_lived {
        return;
    }
    match case.hospital.policies.span(Key::NearExpiry, case.at) {
        Ok(band) if unit.expires.duration_since(case.at) <= band => findings.push(
            case.sourced(
                case.about(Rule::UnitNearExpiry)
                    .with("expires", unit.expires),
                Key::NearExpiry,
            ),
        ),
        Ok(_) => {}
        Err(missing) => findings.push(missing),
    }
}
