use serde::{Deserialize, Serialize};

macro_rules! alleles {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// An allele of the RHD gene, as far as transfusion tells alleles apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum RhdAllele {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl RhdAllele {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in commands, policies and message keys.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// Reads the word.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|allele| allele.as_str() == text.trim())
            }
        }
    };
}

alleles! {
    /// The gene is not there.
    Deletion = "deletion",
    /// Ordinary RHD.
    Ordinary = "ordinary",
    /// Weak D type 1.
    Weak1 = "weak_d_1",
    /// Weak D type 2.
    Weak2 = "weak_d_2",
    /// Weak D type 3.
    Weak3 = "weak_d_3",
    /// Weak D type 4.0 or 4.1.
    Weak4 = "weak_d_4",
    /// Weak D type 15, frequent in Chinese.
    Weak15 = "weak_d_15",
    /// Partial DVI type 3, frequent in Chinese.
    PartialVi3 = "partial_dvi_3",
    /// Asian-type DEL, RHD*01EL.01, c.1227G>A.
    AsianDel = "del_1227a",
    /// Another DEL allele.
    OtherDel = "del_other",
    /// Another allele that makes no D.
    Silent = "silent",
    /// Anything else, or not determined.
    Other = "other",
}

/// Both RHD alleles of a person, as a laboratory reported them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RhdGenotype {
    /// The two alleles.
    pub alleles: [RhdAllele; 2],
    /// The laboratory and the number of its report.
    pub report: String,
}

impl RhdGenotype {
    /// Whether at least one allele is listed and the other one is listed or makes no D at all. A second allele that is not known
    /// could be a partial D, so it does not count.
    pub fn only(&self, listed: impl Fn(RhdAllele) -> bool) -> bool {
        let silent = |allele| matches!(allele, RhdAllele::Deletion | RhdAllele::Silent);
        self.alleles.iter().any(|allele| listed(*allele))
            && self
                .alleles
                .iter()
                .all(|allele| listed(*allele) || silent(*allele))
    }
}
