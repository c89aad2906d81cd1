use serde::{Deserialize, Serialize};

/// Where a unit stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Held back: awaiting a test, a decision, or damaged goods.
    Quarantined,
    /// May be chosen.
    Available,
    /// Held for a request.
    Reserved,
    /// Held for a request and crossmatched.
    Crossmatched,
    /// Handed over, on its way.
    Issued,
    /// The ward has it.
    OnWard,
    /// Running into the patient.
    Transfusing,
    /// Given.
    Transfused,
    /// Came back and waits for the decision to restock or discard.
    Returned,
    /// Destroyed or to be destroyed.
    Discarded,
    /// Called back by the station or by us.
    Recalled,
    /// Cannot be found.
    Missing,
    /// Sent back to the station.
    ReturnedToStation,
    /// Became other units by modification.
    Consumed,
}

use Status::*;

impl Status {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Quarantined,
        Available,
        Reserved,
        Crossmatched,
        Issued,
        OnWard,
        Transfusing,
        Transfused,
        Returned,
        Discarded,
        Recalled,
        Missing,
        ReturnedToStation,
        Consumed,
    ];

    /// The allow-list: every step a unit may take. What isn't here cannot happen.
    pub fn next(self) -> &'static [Self] {
        match self {
            Quarantined => &[Available, Discarded, Recalled, Missing, ReturnedToStation],
            Available => &[
                Quarantined,
                Reserved,
                Crossmatched,
                Issued,
                Discarded,
                Recalled,
                Missing,
                ReturnedToStation,
                Consumed,
            ],
            Reserved => &[
                Available,
                Crossmatched,
                Issued,
                Quarantined,
                Discarded,
                Recalled,
                Missing,
                Consumed,
            ],
            Crossmatched => &[
                Available,
                Reserved,
                Issued,
                Quarantined,
                Discarded,
                Recalled,
                Missing,
                Consumed,
            ],
            Issued => &[
                OnWard,
                Transfusing,
                Transfused,
                Returned,
                Discarded,
                Recalled,
                Missing,
            ],
            OnWard => &[
                Transfusing,
                Transfused,
                Returned,
                Discarded,
                Recalled,
                Missing,
            ],
            // What runs into a patient is beyond recall: its fate is recorded, and lookback begins.
            Transfusing => &[Transfused, Discarded],
            Returned => &[Available, Quarantined, Discarded, Recalled],
            Missing => &[Quarantined, Discarded, Recalled],
            // Called back while on a ward it still comes back, or turns out to have been given; a withdrawn notice lets it be
            // where it is.
            Recalled => &[
                Quarantined,
                Issued,
                OnWard,
                Transfused,
                Returned,
                Discarded,
                ReturnedToStation,
            ],
            Transfused | Discarded | ReturnedToStation | Consumed => &[],
        }
    }

    /// Whether the step is on the allow-list.
    pub fn may_become(self, next: Self) -> bool {
        self.next().contains(&next)
    }

    /// Whether the bag is in one of our stores.
    pub fn on_shelf(self) -> bool {
        matches!(self, Quarantined | Available | Reserved | Crossmatched)
    }

    /// Whether somebody outside the department holds the bag, on a hand-over.
    pub fn is_out(self) -> bool {
        matches!(self, Issued | OnWard | Transfusing)
    }

    /// Whether the bag is in the department, so that it can be carried from store to store.
    pub fn with_us(self) -> bool {
        self.on_shelf() || matches!(self, Returned | Recalled)
    }

    /// Whether its life is over.
    pub fn is_final(self) -> bool {
        self.next().is_empty()
    }

    /// The word in message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Quarantined => "quarantined",
            Available => "available",
            Reserved => "reserved",
            Crossmatched => "crossmatched",
            Issued => "issued",
            OnWard => "on_ward",
            Transfusing => "transfusing",
            Transfused => "transfused",
            Returned => "returned",
            Discarded => "discarded",
            Recalled => "recalled",
            Missing => "missing",
            ReturnedToStation => "returned_to_station",
            Consumed => "consumed",
        }
    }

    /// The key in the message files.
    pub fn word(self) -> String {
        format!("status-{}", self.as_str())
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text.trim())
    }
}
