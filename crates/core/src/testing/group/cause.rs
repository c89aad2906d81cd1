use serde::{Deserialize, Serialize};

use super::worded;

worded! {
    /// What a work-up found to be behind a discrepancy.
    Cause, "workup-cause-" {
        /// A mistake at the bench; repeated, the wells agree.
        Technical = "technical",
        /// The tube holds somebody else's blood.
        WrongBlood = "wrong_blood",
        /// Autoantibody or protein that clumps the cells.
        Autoagglutination = "autoagglutination",
        /// Rouleaux.
        Rouleaux = "rouleaux",
        /// Cold antibody.
        ColdAntibody = "cold_antibody",
        /// Antibody against another red-cell antigen.
        Alloantibody = "alloantibody",
        /// Anti-A1 in a subgroup of A.
        AntiA1 = "anti_a1",
        /// Weak subgroup.
        Subgroup = "subgroup",
        /// Acquired B, B(A) or cis-AB.
        UnusualAntigen = "unusual_antigen",
        /// Bombay or para-Bombay.
        Bombay = "bombay",
        /// Antibodies weak or missing with age, disease or treatment.
        WeakAntibody = "weak_antibody",
        /// Antigens weakened by disease.
        WeakAntigen = "weak_antigen",
        /// Transfused cells of another group.
        Transfused = "transfused",
        /// Transplant.
        Transplant = "transplant",
        /// Born with two populations.
        Chimera = "chimera",
        /// Weak or partial D.
        WeakD = "weak_d",
        /// Not found.
        Unknown = "unknown",
    }
}
