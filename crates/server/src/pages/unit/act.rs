use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use lifeline_core::blood::{Millilitres, UnitId};
use lifeline_core::command::Command;
use lifeline_core::event::Event;
use lifeline_core::hospital::Hospital;
use lifeline_core::people::Action;
use lifeline_core::policy::{Key, Modification};
use lifeline_core::unit::{
    DiscardUnit, FindUnit, Hold, HoldUnit, LiftHold, LoseUnit, ModifyUnit, MoveUnits,
    RecallDonation, ReturnUnitToStation, Status, Unit, UnitEvent,
};

use super::{address, page};
use crate::app::{App, Done};
use crate::pages::{blood, scan, stock};
use crate::web::{Form, Frame, PageError, Posted, Visit, words};

/// What can be done with a bag on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Put in quarantine.
    Hold,
    /// Lift a reason for quarantine.
    Lift,
    /// Carry elsewhere.
    Move,
    /// Thaw, irradiate, wash, divide, pool.
    Modify,
    /// Discard.
    Discard,
    /// Send back to the station.
    Station,
    /// Recall the donation.
    Recall,
    /// Report missing.
    Lost,
    /// Report found.
    Found,
}

impl Act {
    /// All of them, in the order of the buttons.
    pub const ALL: [Self; 9] = [
        Self::Lift,
        Self::Found,
        Self::Move,
        Self::Modify,
        Self::Hold,
        Self::Discard,
        Self::Station,
        Self::Lost,
        Self::Recall,
    ];

    /// The word in addresses and message keys.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Lift => "lift",
            Self::Move => "move",
            Self::Modify => "modify",
            Self::Discard => "discard",
            Self::Station => "station",
            Self::Recall => "recall",
            Self::Lost => "lost",
            Self::Found => "found",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.word() == text)
    }

    /// The button's words.
    pub fn label(self, frame: &Frame) -> String {
        frame.t.m(&format!("unit-do-{}", self.word()))
    }

    /// The key of the line above the form: what it does.
    pub fn explained(self) -> &'static str {
        match self {
            Self::Hold => "unit-about-hold",
            Self::Lift => "unit-about-lift",
            Self::Move => "unit-about-move",
            Self::Modify => "unit-about-modify",
            Self::Discard => "unit-about-discard",
            Self::Station => "unit-about-station",
            Self::Recall => "unit-about-recall",
            Self::Lost => "unit-about-lost",
            Self::Found => "unit-about-found",
        }
    }

    /// The button's icon.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Hold => "shield-lock",
            Self::Lift => "shield-check",
            Self::Move => "arrows-exchange",
            Self::Modify => "flask",
            Self::Discard => "trash",
            Self::Station => "truck-delivery",
            Self::Recall => "alert-octagon",
            Self::Lost => "eye",
            Self::Found => "map-pin",
        }
    }

    /// What must be granted.
    pub fn action(self) -> Action {
        match self {
            Self::Hold | Self::Lost | Self::Found => Action::UnitHold,
            Self::Lift => Action::UnitRelease,
            Self::Move => Action::UnitMove,
            Self::Modify => Action::UnitModify,
            Self::Discard | Self::Station => Action::UnitDiscard,
            Self::Recall => Action::UnitRecall,
        }
    }

    /// Whether the bag's life-cycle leaves room for it: for hiding what would be refused. The desk decides again.
    pub fn possible(self, unit: &Unit) -> bool {
        let status = unit.status;
        match self {
            Self::Hold => status.on_shelf(),
            Self::Lift => status == Status::Quarantined,
            Self::Move => status.with_us(),
            Self::Modify => status.may_become(Status::Consumed),
            Self::Discard => status.may_become(Status::Discarded) && !status.is_out(),
            Self::Station => status.may_become(Status::ReturnedToStation),
            Self::Recall => status.may_become(Status::Recalled),
            Self::Lost => status.may_become(Status::Missing),
            Self::Found => status == Status::Missing,
        }
    }
}

/// The lists the forms choose from, in words.
pub struct Choices {
    /// Reasons for quarantine.
    pub hold: Vec<(String, String)>,
    /// Reasons that hold the bag now.
    pub lift: Vec<(String, String)>,
    /// Reasons for discarding.
    pub discard: Vec<(String, String)>,
    /// Reasons for sending back.
    pub station: Vec<(String, String)>,
    /// What may be done to this component.
    pub modify: Vec<(String, String)>,
    /// Places in use.
    pub places: Vec<String>,
}

impl Choices {
    pub(super) fn of(frame: &Frame, hospital: &Hospital, unit: &Unit) -> Self {
        let listed = |key: Key, prefix: &str| -> Vec<(String, String)> {
            let words = hospital.policies.words(key, frame.now).unwrap_or_default();
            words
                .iter()
                .map(|code| {
                    let key = format!("{prefix}-{code}");
                    (
                        code.clone(),
                        crate::pages::timeline::worded(frame, &key, code),
                    )
                })
                .collect()
        };
        Self {
            hold: listed(Key::HoldReasons, "hold"),
            lift: unit
                .holds
                .iter()
                .filter(|hold| **hold != Hold::AwaitingRegroup)
                .map(|hold| (hold.code().to_owned(), blood::hold(frame, hold)))
                .collect(),
            discard: listed(Key::DiscardReasons, "reason"),
            station: listed(Key::StationReturnReasons, "reason"),
            modify: Modification::ALL
                .into_iter()
                .filter(|kind| {
                    hospital
                        .policies
                        .modification(*kind, unit.component, frame.now)
                        .is_ok()
                })
                .map(|kind| {
                    let words = frame.t.m(&format!("modification-{}", kind.as_str()));
                    (kind.as_str().to_owned(), words)
                })
                .collect(),
            places: stock::places(hospital),
        }
    }
}

pub(super) async fn carry_out(
    State(app): State<App>,
    frame: Frame,
    visit: Visit,
    Path((id, act)): Path<(UnitId, String)>,
    posted: Posted,
) -> Result<Response, PageError> {
    app.look(&visit, Action::ViewStock)?;
    let act = Act::parse(&act).ok_or(PageError::NotFound)?;
    let mut form = Form::sent(&frame, posted)?;
    let Some(command) = command(&frame, act, id, &mut form) else {
        return page(&app, frame, &visit, id, Some(act), form, None).await;
    };
    let banner = match app.carry_out(&frame, &visit, &mut form, command).await? {
        Done::Accepted(facts) => {
            let to = facts.iter().find_map(|(_, event)| match event {
                Event::Unit(UnitEvent::Modified { children, .. }) => {
                    children.first().map(|child| child.unit)
                }
                _ => None,
            });
            return Ok(Redirect::to(&address(to.unwrap_or(id))).into_response());
        }
        Done::Refused(refusal) => Some(words::refusal(&frame, &refusal)),
        Done::Wrong => None,
    };
    page(&app, frame, &visit, id, Some(act), form, banner).await
}

/// The command the form means; none when a field is wrong, which the form then says.
fn command(frame: &Frame, act: Act, unit: UnitId, form: &mut Form) -> Option<Command> {
    let t = frame.t;
    let note = form.value("note").to_owned();
    let reason = form.value("reason").to_owned();
    let command = match act {
        Act::Hold => HoldUnit { unit, reason, note }.into(),
        Act::Lift => LiftHold {
            unit,
            hold: Hold::from_code(&reason),
            note,
        }
        .into(),
        Act::Move => MoveUnits {
            units: vec![unit],
            to: form.read("place", |text| scan::place(&t, text), |words| words)?,
        }
        .into(),
        Act::Modify => modify(frame, unit, form)?.into(),
        Act::Discard => DiscardUnit { unit, reason, note }.into(),
        Act::Station => ReturnUnitToStation { unit, reason, note }.into(),
        Act::Recall => RecallDonation {
            din: unit.din,
            reason: note,
            reference: form.value("reference").to_owned(),
        }
        .into(),
        Act::Lost => LoseUnit { unit, note }.into(),
        Act::Found => FindUnit {
            unit,
            location: form.read("place", |text| scan::place(&t, text), |words| words)?,
            note,
        }
        .into(),
    };
    Some(command)
}

fn modify(frame: &Frame, unit: UnitId, form: &mut Form) -> Option<ModifyUnit> {
    let t = frame.t;
    let kind = form.read(
        "kind",
        |text| Modification::parse(text).ok_or(()),
        |()| t.m("field-choose"),
    );
    let into = form.read_optional("into", |text| scan::unit(&t, text), |words| words);
    let volume = form.read_optional("volume", str::parse, |_| t.m("field-whole-number"));
    let parts: Option<Vec<u32>> = form.read(
        "parts",
        |text| {
            text.split([',', '，', ' ', '+'])
                .filter(|part| !part.is_empty())
                .map(str::parse)
                .collect::<Result<_, _>>()
        },
        |_| t.m("field-numbers"),
    );
    let others: Option<Vec<UnitId>> = form.read(
        "others",
        |text| {
            text.split_whitespace()
                .map(|text| scan::unit(&t, text))
                .collect::<Result<_, _>>()
        },
        |words| words,
    );
    if !form.is_ok() {
        return None;
    }
    let mut units = vec![unit];
    units.extend(others?);
    Some(ModifyUnit {
        kind: kind?,
        units,
        into,
        parts: parts?.into_iter().map(Millilitres).collect(),
        volume: volume.map(Millilitres),
    })
}
