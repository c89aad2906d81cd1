use serde::{Deserialize, Serialize};

/// What is wrong with a message or a part of it. The words are in the message files under `trouble-…`, with [`Trouble::values`] as
/// their variables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The reader of the device's dialect could not make it out; its own words, for a technician.
    Unreadable(String),
    /// The rules stand against it: the problem's findings say why. The specimen as named; empty where the whole message is meant.
    Refused(String),
    /// The device has no final result for this yet.
    NotFinal {
        /// The device's name of the result.
        result: String,
    },
    /// Neither sample nor unit is named.
    NoSpecimen {
        /// The device's name of the result.
        result: String,
    },
    /// More than one sample is named.
    SeveralSamples {
        /// The device's name of the result.
        result: String,
    },
    /// No test of ours takes this result.
    NoTest {
        /// The device's name of the result.
        result: String,
        /// The test ordered, in the profile's word.
        test: String,
    },
    /// A lot number that is none.
    BadLot {
        /// As sent.
        lot: String,
    },
    /// A text that is no date and time.
    BadTime {
        /// As sent.
        text: String,
    },
    /// A word that is no interpretation of this kind.
    BadInterpretation {
        /// As the profile reads it.
        value: String,
    },
    /// Neither the reaction of a well nor an interpretation.
    NoReading {
        /// The device's name of the result.
        result: String,
    },
    /// The profile does not say by which method the device crossmatches.
    NoMethod {
        /// The device's name of the result.
        result: String,
    },
    /// The profile does not say how the device writes its controls.
    NoControls {
        /// The device's name of the result.
        result: String,
    },
    /// There is no readable profile of this name, so nothing can be made of the message.
    NoProfile {
        /// The name; empty where the device is not registered.
        profile: String,
    },
}

impl Trouble {
    /// The keys of all kinds of trouble in the message files.
    pub const WORDS: &'static [&'static str] = &[
        "trouble-unreadable",
        "trouble-refused",
        "trouble-not-final",
        "trouble-no-specimen",
        "trouble-several-samples",
        "trouble-no-test",
        "trouble-bad-lot",
        "trouble-bad-time",
        "trouble-bad-interpretation",
        "trouble-no-reading",
        "trouble-no-method",
        "trouble-no-controls",
        "trouble-no-profile",
    ];

    /// The key in the message files.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "trouble-unreadable",
            Self::Refused(_) => "trouble-refused",
            Self::NotFinal { .. } => "trouble-not-final",
            Self::NoSpecimen { .. } => "trouble-no-specimen",
            Self::SeveralSamples { .. } => "trouble-several-samples",
            Self::NoTest { .. } => "trouble-no-test",
            Self::BadLot { .. } => "trouble-bad-lot",
            Self::BadTime { .. } => "trouble-bad-time",
            Self::BadInterpretation { .. } => "trouble-bad-interpretation",
            Self::NoReading { .. } => "trouble-no-reading",
            Self::NoMethod { .. } => "trouble-no-method",
            Self::NoControls { .. } => "trouble-no-controls",
            Self::NoProfile { .. } => "trouble-no-profile",
        }
    }

    /// The variables of the words, by name.
    pub fn values(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Unreadable(text) => vec![("text", text)],
            Self::Refused(specimen) => vec![("specimen", specimen)],
            Self::NotFinal { result }
            | Self::NoSpecimen { result }
            | Self::SeveralSamples { result }
            | Self::NoReading { result }
            | Self::NoControls { result }
            | Self::NoMethod { result } => vec![("result", result)],
            Self::NoTest { result, test } => vec![("result", result), ("test", test)],
            Self::BadLot { lot } => vec![("lot", lot)],
            Self::BadTime { text } => vec![("text", text)],
            Self::BadInterpretation { value } => vec![("value", value)],
            Self::NoProfile { profile } => vec![("profile", profile)],
        }
    }
}
