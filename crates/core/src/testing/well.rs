use serde::{Deserialize, Serialize};

use crate::blood::Grade;

macro_rules! wells {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// A well of a card or a tube of a rack, by what is in it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Well {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl Well {
            /// Every well.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in commands, profiles and message keys.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The key in the message files.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => concat!("well-", $word)),* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|well| well.as_str() == text.trim())
            }
        }
    };
}

wells! {
    /// Patient or donor cells with anti-A.
    AntiA = "anti_a",
    /// Cells with anti-B.
    AntiB = "anti_b",
    /// Cells with anti-A,B.
    AntiAB = "anti_ab",
    /// Cells with anti-D.
    AntiD = "anti_d",
    /// Cells with a second anti-D.
    AntiD2 = "anti_d2",
    /// Cells with anti-D by the indirect antiglobulin test (weak-D test).
    WeakD = "weak_d",
    /// Cells with the reagent's diluent: must not react.
    Control = "control",
    /// Plasma with A1 cells.
    A1Cells = "a1_cells",
    /// Plasma with A2 cells.
    A2Cells = "a2_cells",
    /// Plasma with B cells.
    BCells = "b_cells",
    /// Plasma with O cells.
    OCells = "o_cells",
    /// Plasma with the patient's own cells.
    Autocontrol = "autocontrol",
    /// Screening cell I.
    Screen1 = "screen_1",
    /// Screening cell II.
    Screen2 = "screen_2",
    /// Screening cell III.
    Screen3 = "screen_3",
    /// Screening cell IV.
    Screen4 = "screen_4",
    /// Positive control of a screen.
    ScreenPositive = "screen_positive",
    /// Polyspecific antiglobulin.
    DatPoly = "dat_poly",
    /// Anti-IgG.
    DatIgg = "dat_igg",
    /// Anti-C3d.
    DatC3d = "dat_c3d",
    /// Control of the direct antiglobulin test.
    DatControl = "dat_control",
    /// Crossmatch major side: patient plasma, donor cells.
    XmMajor = "xm_major",
    /// Crossmatch minor side: donor plasma, patient cells.
    XmMinor = "xm_minor",
}

/// One well as read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Which well.
    pub well: Well,
    /// How it reacted.
    pub grade: Grade,
}

macro_rules! test_kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, [$($need:ident),*], [$($may:ident),*];)*) => {
        /// What a test is for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum TestKind {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl TestKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in commands, profiles and message keys.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The key in the message files.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => concat!("test-kind-", $word)),* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == text.trim())
            }

            /// Wells that must be read.
            pub fn needed(self) -> &'static [Well] {
                match self { $(Self::$variant => &[$(Well::$need),*]),* }
            }

            /// Wells that may be read besides.
            pub fn optional(self) -> &'static [Well] {
                match self { $(Self::$variant => &[$(Well::$may),*]),* }
            }
        }
    };
}

test_kinds! {
    /// ABO forward and reverse with RhD, for patients.
    Group = "group",
        [AntiA, AntiB, AntiD, Control, A1Cells, BCells],
        [AntiAB, AntiD2, WeakD, A2Cells, OCells, Autocontrol];
    /// ABO on cells only with RhD: newborns, and units on receipt.
    ForwardGroup = "forward_group",
        [AntiA, AntiB, AntiD, Control],
        [AntiAB, AntiD2, WeakD];
    /// ABO on cells only: regroup of RhD positive units.
    AboForward = "abo_forward",
        [AntiA, AntiB],
        [AntiAB, Control];
    /// Antibody screen.
    Screen = "screen",
        [Screen1, Screen2, Screen3],
        [Screen4, ScreenPositive, Autocontrol];
    /// Direct antiglobulin test.
    Dat = "dat",
        [DatPoly, DatControl],
        [DatIgg, DatC3d];
}
