//! ABO and RhD from the wells: one type, or what is wrong and what to do about it.
//!
//! [`read`] looks at the wells alone; [`resolve`] adds what is known of the person. Both are total: every vector of reactions has
//! an answer, and a doubtful one has no type in it.

mod cause;
mod read;
mod resolve;
mod steps;

pub use cause::Cause;
pub use read::{Reach, Serology, Strengths, read};
pub use resolve::{Circumstances, Interim, Resolution, Typed, resolve};
pub use steps::Step;

use serde::{Deserialize, Serialize};

macro_rules! worded {
    ($(#[$outer:meta])* $type:ident, $prefix:literal { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in commands and answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The key in the message files.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => concat!($prefix, $word)),* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text.trim())
            }
        }
    };
}
use worded;

worded! {
    /// What is wrong with a vector of reactions.
    Category, "discrepancy-" {
        /// Nothing: cells and plasma agree.
        Agreed = "none",
        /// The cells clump by themselves: the control reacted, and no well of the cells says anything.
        SpontaneousAgglutination = "spontaneous_agglutination",
        /// The plasma reacts with cells it should not react with.
        ExtraReverse = "extra_reverse",
        /// An antibody that belongs to the type is missing from the plasma.
        MissingReverse = "missing_reverse",
        /// A newborn's plasma, which says nothing of its own type.
        Newborn = "newborn",
        /// Two populations of cells.
        MixedField = "mixed_field",
        /// The cells react with a reagent although the plasma holds that antibody.
        ExtraForward = "extra_forward",
        /// O cells react with the plasma of a person whose cells look like O: Bombay or para-Bombay until shown otherwise.
        Rare = "rare",
        /// The cells react more weakly than a clear type does.
        WeakForward = "weak_forward",
        /// Anti-D reacts more weakly than with clearly positive cells.
        WeakD = "weak_d",
        /// A donor whose cells do not react with anti-D: weak D and DEL are still to be ruled out.
        DelScreen = "del_screen",
        /// Cells and plasma each give a clear type, but not the same one.
        WrongBloodOrSubgroup = "wrong_blood_or_subgroup",
        /// A clear type that is not the one on file.
        HistoryConflict = "history_conflict",
    }
}

#[cfg(test)]
mod exhaustive_tests;
#[cfg(test)]
mod tests;
