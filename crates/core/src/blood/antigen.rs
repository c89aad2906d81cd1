use serde::{Deserialize, Serialize};

macro_rules! antigens {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A red-cell antigen beside ABO, by its conventional name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Antigen {
            $(
                #[doc = concat!("Antigen ", $name, ".")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Antigen {
            /// Every antigen known by name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The conventional name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }
    };
}

antigens! {
    D = "D", BigC = "C", LittleC = "c", BigE = "E", LittleE = "e", Cw = "Cw",
    BigK = "K", LittleK = "k", Kpa = "Kpa", Kpb = "Kpb",
    Fya = "Fya", Fyb = "Fyb", Jka = "Jka", Jkb = "Jkb",
    M = "M", N = "N", BigS = "S", LittleS = "s", Mur = "Mur",
    Lea = "Lea", Leb = "Leb", P1 = "P1", Lua = "Lua", Lub = "Lub",
    Dia = "Dia", Dib = "Dib", H = "H", I = "I",
    LittleF = "f", V = "V", Vs = "VS", G = "G", Jsa = "Jsa", Jsb = "Jsb", Xga = "Xga", Wra = "Wra",
    Mia = "Mia", U = "U", Coa = "Coa", Cob = "Cob", Yta = "Yta", Ytb = "Ytb", Doa = "Doa", Dob = "Dob",
    Jra = "Jra", Lan = "Lan", Vel = "Vel",
}

impl Antigen {
    /// Reads the conventional name; upper and lower case differ (C is not c).
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|antigen| antigen.name() == text.trim())
    }

    fn bit(self) -> u64 {
        1 << (self as u32)
    }
}

/// What is known of one antigen. Not tested is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Typing {
    /// Tested, present.
    Positive,
    /// Tested, absent.
    Negative,
    /// Never tested.
    NotTested,
}

/// The antigens a unit or patient was typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "ProfileText", into = "ProfileText")]
pub struct AntigenProfile {
    positive: u64,
    negative: u64,
}

impl AntigenProfile {
    /// What is known of `antigen`.
    pub fn typing(&self, antigen: Antigen) -> Typing {
        if self.positive & antigen.bit() != 0 {
            Typing::Positive
        } else if self.negative & antigen.bit() != 0 {
            Typing::Negative
        } else {
            Typing::NotTested
        }
    }

    /// Records a typing; `NotTested` forgets.
    pub fn set(&mut self, antigen: Antigen, typing: Typing) {
        self.positive &= !antigen.bit();
        self.negative &= !antigen.bit();
        match typing {
            Typing::Positive => self.positive |= antigen.bit(),
            Typing::Negative => self.negative |= antigen.bit(),
            Typing::NotTested => {}
        }
    }

    /// All that was typed, in the order of [`Antigen::ALL`].
    pub fn typed(&self) -> impl Iterator<Item = (Antigen, Typing)> + '_ {
        Antigen::ALL
            .iter()
            .map(|antigen| (*antigen, self.typing(*antigen)))
            .filter(|(_, typing)| *typing != Typing::NotTested)
    }

    /// What both profiles say alike: all that can be said of a pool of the two.
    #[must_use]
    pub fn shared(&self, other: &Self) -> Self {
        Self {
            positive: self.positive & other.positive,
            negative: self.negative & other.negative,
        }
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.positive | self.negative == 0
    }
}

/// How a profile stands in the journal: two lists of names.
#[derive(Serialize, Deserialize)]
struct ProfileText {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    positive: Vec<Antigen>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    negative: Vec<Antigen>,
}

impl From<ProfileText> for AntigenProfile {
    fn from(text: ProfileText) -> Self {
        let mut profile = Self::default();
        for antigen in text.positive {
            profile.set(antigen, Typing::Positive);
        }
        for antigen in text.negative {
            profile.set(antigen, Typing::Negative);
        }
        profile
    }
}

impl From<AntigenProfile> for ProfileText {
    fn from(profile: AntigenProfile) -> Self {
        let list = |wanted| {
            profile
                .typed()
                .filter(|(_, typing)| *typing == wanted)
                .map(|(antigen, _)| antigen)
                .collect()
        };
        Self {
            positive: list(Typing::Positive),
            negative: list(Typing::Negative),
        }
    }
}
