use super::{Case, Purpose};
use crate::finding::{FactValue, Finding, Rule};
use crate::policy::Key;
use crate::request::Urgency;

/// The request: open, for this component, not yet filled, with consent.
pub(super) fn check(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let (request, unit) = (case.request, case.unit);
    let about = |rule| Finding::new(rule).with("request", request.id);
    if !request.state.open() {
        findings.push(
            about(Rule::RequestClosed)
                .word("state", format!("request-state-{}", request.state.as_str())),
        );
    }
    if request.order.component != unit.component {
        findings.push(
            about(Rule::RequestComponent)
                .word(
                    "asked",
                    format!("component-{}", request.order.component.as_str()),
                )
                .word(
                    "component",
                    format!("component-{}", unit.component.as_str()),
                ),
        );
    } else if case.handing_over() {
        amount(case, findings);
    }
    if matches!(case.purpose, Purpose::Emergency(_)) && request.order.urgency != Urgency::Emergency
    {
        findings.push(
            about(Rule::WrongState)
                .with("subject", crate::subject::Subject::from(request.id))
                .word(
                    "state",
                    format!("urgency-{}", request.order.urgency.as_str()),
                ),
        );
    }
    if case.handing_over()
        && case.flag(Key::ConsentRequired, findings)
        && case.record.consent().is_none()
    {
        findings.push(case.sourced(
            Finding::new(Rule::ConsentMissing).with("patient", case.record.id()),
            Key::ConsentRequired,
        ));
    }
}

fn amount(case: &Case<'_>, findings: &mut Vec<Finding>) {
    let (request, unit) = (case.request, case.unit);
    let same = request.order.amount.measure == unit.amount.measure;
    if same && unit.amount.hundredths <= request.outstanding() {
        return;
    }
    findings.push(
        Finding::new(Rule::RequestExceeded)
            .with("request", request.id)
            .with("asked", FactValue::Text(request.order.amount.to_string()))
            .with("amount", FactValue::Text(unit.amount.to_string()))
            .word(
                "measure",
                format!("measure-{}", unit.amount.measure.as_str()),
            ),
    );
}
