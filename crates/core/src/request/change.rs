use serde::{Deserialize, Serialize};

use super::{Order, Request, RequestEvent, RequestState, place};
use crate::command::{Checks, Context, Decide, Decision};
use crate::event::Event;
use crate::finding::{Finding, Reason, Rule};
use crate::hospital::Hospital;
use crate::id::RequestId;
use crate::people::Action;
use crate::subject::Subject;
use crate::unit::UnitEvent;

/// Changes what is asked for; the department looks at it anew. A returned request is placed again by this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmendRequest {
    /// Which.
    pub request: RequestId,
    /// What from now on.
    pub order: Order,
    /// Why.
    pub reason: String,
}

/// The department takes the request on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptRequest {
    /// Which.
    pub request: RequestId,
}

/// The department sends the request back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRequest {
    /// Which.
    pub request: RequestId,
    /// What is wrong with it.
    pub reason: String,
}

/// The clinic no longer wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// Which.
    pub request: RequestId,
    /// Why.
    pub reason: String,
}

/// The department ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRequest {
    /// Which.
    pub request: RequestId,
    /// Why.
    pub reason: String,
}

/// The request in one of the states that allow the step.
fn known<'a>(
    checks: &mut Checks<'_>,
    hospital: &'a Hospital,
    id: RequestId,
    allowed: impl FnOnce(&RequestState) -> bool,
) -> Option<&'a Request> {
    let request = checks.take(
        hospital
            .requests
            .get(id)
            .ok_or_else(|| Finding::not_found(id)),
    )?;
    checks.require(allowed(&request.state), || {
        Finding::new(Rule::WrongState)
            .with("subject", Subject::from(id))
            .word("state", format!("request-state-{}", request.state.as_str()))
    });
    Some(request)
}

fn told(checks: &mut Checks<'_>, reason: &str) {
    let length = reason.trim().chars().count();
    checks.require((Reason::LEAST..=Reason::MOST).contains(&length), || {
        Finding::bad_value("reason", "why-reason-length")
    });
}

/// Units held for a request that ends go back to the store.
fn let_go(hospital: &Hospital, request: RequestId) -> impl Iterator<Item = Event> + '_ {
    hospital.units.held_for(request).map(move |unit| {
        UnitEvent::ReservationEnded {
            unit: unit.id,
            request,
            lapsed: false,
        }
        .into()
    })
}

fn ended(hospital: &Hospital, request: RequestId, event: RequestEvent) -> Vec<Event> {
    std::iter::once(event.into())
        .chain(let_go(hospital, request))
        .collect()
}

impl Decide for AmendRequest {
    fn action(&self) -> Action {
        Action::RequestPlace
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        let request = known(&mut checks, hospital, self.request, |state| {
            state.open() || matches!(state, RequestState::Returned(_))
        });
        if let Some(request) = request {
            place::standing(&mut checks, hospital, request.patient);
            // What has left on it was chosen for this component.
            let fits = request.issues.is_empty()
                || (request.order.component == self.order.component
                    && request.order.amount.measure == self.order.amount.measure);
            checks.require(fits, || Finding::bad_value("component", "why-units-issued"));
        }
        place::complete(&mut checks, hospital, &self.order, context.at);
        told(&mut checks, &self.reason);
        checks.settle()?;
        let amended = RequestEvent::Amended {
            request: self.request,
            order: self.order.clone(),
            reason: self.reason.trim().into(),
        };
        let other = request.is_some_and(|request| request.order.component != self.order.component);
        Ok(if other {
            ended(hospital, self.request, amended)
        } else {
            vec![amended.into()]
        })
    }
}

impl Decide for AcceptRequest {
    fn action(&self) -> Action {
        Action::RequestReview
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        known(&mut checks, hospital, self.request, |state| {
            *state == RequestState::Placed
        });
        checks.settle()?;
        Ok(vec![
            RequestEvent::Accepted {
                request: self.request,
            }
            .into(),
        ])
    }
}

impl Decide for ReturnRequest {
    fn action(&self) -> Action {
        Action::RequestReview
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        known(&mut checks, hospital, self.request, RequestState::open);
        told(&mut checks, &self.reason);
        checks.settle()?;
        Ok(ended(
            hospital,
            self.request,
            RequestEvent::Returned {
                request: self.request,
                reason: self.reason.trim().into(),
            },
        ))
    }
}

impl Decide for CancelRequest {
    fn action(&self) -> Action {
        Action::RequestPlace
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        known(&mut checks, hospital, self.request, |state| {
            state.open() || matches!(state, RequestState::Returned(_))
        });
        told(&mut checks, &self.reason);
        checks.settle()?;
        Ok(ended(
            hospital,
            self.request,
            RequestEvent::Cancelled {
                request: self.request,
                reason: self.reason.trim().into(),
            },
        ))
    }
}

impl Decide for CloseRequest {
    fn action(&self) -> Action {
        Action::RequestReview
    }

    fn subjects(&self) -> Vec<Subject> {
        vec![self.request.into()]
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        known(&mut checks, hospital, self.request, RequestState::open);
        told(&mut checks, &self.reason);
        checks.settle()?;
        Ok(ended(
            hospital,
            self.request,
            RequestEvent::Closed {
                request: self.request,
                reason: self.reason.trim().into(),
            },
        ))
    }
}
