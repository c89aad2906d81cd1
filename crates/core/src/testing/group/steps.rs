use serde::{Deserialize, Serialize};

use super::read::Serology;
use super::resolve::{Circumstances, Typed};
use super::{Category, worded};
use crate::blood::RhD;
use crate::testing::{Reading, Well};

worded! {
    /// Something to be done about a discrepancy.
    Step, "workup-step-" {
        /// Check who the tube is from: label, wristband, history, an earlier sample.
        CheckIdentity = "check_identity",
        /// Draw and type a second sample, by another person.
        NewSample = "new_sample",
        /// Type a sample drawn before the transfusion or transplant.
        EarlierSample = "earlier_sample",
        /// Repeat the test with washed cells and fresh reagents.
        Repeat = "repeat",
        /// Read the wells that were left out.
        CompleteWells = "complete_wells",
        /// Wash the cells in warm saline and repeat the forward type with its control.
        WarmWash = "warm_wash",
        /// Direct antiglobulin test.
        Dat = "dat",
        /// Look for rouleaux under the microscope; replace the plasma by saline.
        SalineReplacement = "saline_replacement",
        /// Autocontrol and O cells beside the reverse type.
        AutocontrolOCells = "autocontrol_o_cells",
        /// Reverse type at 37 °C, everything warmed before.
        Prewarm = "prewarm",
        /// Antibody screen and identification.
        Screen = "screen",
        /// Reverse type with A1- and B-cells that lack the antigen of the antibody.
        AntigenNegativeCells = "antigen_negative_cells",
        /// A2 cells in the reverse type.
        A2Cells = "a2_cells",
        /// Anti-A1 lectin on the cells.
        A1Lectin = "a1_lectin",
        /// Longer incubation at room temperature, then at 4 °C, with autocontrol and O cells beside it.
        ColdReverse = "cold_reverse",
        /// Longer incubation of the forward type, or enzyme-treated cells.
        LongForward = "long_forward",
        /// Anti-A,B and a second clone on the cells.
        SecondClone = "second_clone",
        /// Acidified anti-B, against acquired B.
        AcidAntiB = "acid_anti_b",
        /// Adsorption and elution with anti-A or anti-B.
        AdsorptionElution = "adsorption_elution",
        /// Anti-H lectin on the cells.
        HLectin = "h_lectin",
        /// ABH substances in saliva.
        Saliva = "saliva",
        /// Transfusions of the last three months, with their groups.
        TransfusionHistory = "transfusion_history",
        /// The transplant protocol: group of the donor, date, what to give.
        TransplantProtocol = "transplant_protocol",
        /// Diagnosis, medicines, immunoglobulins.
        Diagnosis = "diagnosis",
        /// The mother's sample.
        Mother = "mother",
        /// Weak-D test (indirect antiglobulin).
        WeakDTest = "weak_d_test",
        /// C, c, E, e: DEL of the Asian type carries C.
        RhceTyping = "rhce_typing",
        /// RHD genotype.
        RhdGenotype = "rhd_genotype",
        /// ABO genotype.
        AboGenotype = "abo_genotype",
    }
}

/// What to do next, in this order: first who it is, then what the bench can do, then what takes days.
pub(super) fn steps(
    found: &Serology,
    readings: &[Reading],
    known: &Circumstances,
    reportable: bool,
) -> Vec<Step> {
    let read = |well: Well| readings.iter().any(|reading| reading.well == well);
    let mut steps = Vec::new();
    let Some(category) = found.category else {
        return vec![Step::CompleteWells];
    };
    if !reportable && category != Category::DelScreen {
        steps.push(Step::CheckIdentity);
    }
    steps.extend_from_slice(of_category(category));
    match category {
        Category::ExtraReverse if !(read(Well::OCells) && read(Well::Autocontrol)) => {
            steps.push(Step::AutocontrolOCells);
        }
        Category::WeakD if !read(Well::WeakD) => steps.push(Step::WeakDTest),
        Category::DelScreen if !read(Well::WeakD) => steps.insert(0, Step::WeakDTest),
        // One in four Han patients without visible D carries DEL, and all of those carry C.
        Category::Agreed if known.typed == Typed::Patient && found.rhd == Some(RhD::Negative) => {
            steps.push(Step::RhceTyping);
        }
        _ => {}
    }
    if !reportable && category != Category::DelScreen {
        if known.transfused.is_some() {
            steps.extend([Step::TransfusionHistory, Step::EarlierSample]);
        }
        if known.disease {
            steps.push(Step::Diagnosis);
        }
    }
    if known.transplanted {
        steps.push(Step::TransplantProtocol);
    }
    let mut seen = std::collections::BTreeSet::new();
    steps.retain(|step| seen.insert(*step));
    steps
}

fn of_category(category: Category) -> &'static [Step] {
    use Step::{
        A1Lectin, A2Cells, AboGenotype, AcidAntiB, AdsorptionElution, AntigenNegativeCells,
        ColdReverse, Dat, Diagnosis, EarlierSample, HLectin, LongForward, Mother, NewSample,
        Prewarm, Repeat, RhceTyping, RhdGenotype, SalineReplacement, Saliva, Screen, SecondClone,
        TransfusionHistory, WarmWash,
    };
    match category {
        Category::Agreed => &[],
        Category::SpontaneousAgglutination => &[WarmWash, Dat, SalineReplacement],
        Category::ExtraReverse => &[
            Repeat,
            SalineReplacement,
            Prewarm,
            Screen,
            AntigenNegativeCells,
            A2Cells,
            A1Lectin,
        ],
        Category::MissingReverse => &[Repeat, Diagnosis, ColdReverse, AboGenotype],
        Category::Newborn => &[Mother, Dat],
        Category::MixedField => &[TransfusionHistory, EarlierSample, Repeat, AboGenotype],
        Category::ExtraForward => &[
            WarmWash,
            SecondClone,
            AcidAntiB,
            Diagnosis,
            Saliva,
            AboGenotype,
        ],
        Category::Rare => &[Repeat, HLectin, Screen, Saliva, AboGenotype],
        Category::WeakForward => &[
            Repeat,
            LongForward,
            SecondClone,
            Diagnosis,
            AdsorptionElution,
            AboGenotype,
        ],
        Category::WeakD => &[RhdGenotype],
        Category::DelScreen => &[RhceTyping, RhdGenotype],
        Category::WrongBloodOrSubgroup => &[NewSample, Repeat, AdsorptionElution, AboGenotype],
        Category::HistoryConflict => &[NewSample, Repeat],
    }
}
