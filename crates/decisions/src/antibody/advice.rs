use lifeline_core::blood::Antigen;

/// What to do next, or to beware of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advice {
    /// No specificity may be named: adsorption, elution, a direct antiglobulin test.
    CannotConclude,
    /// Nearly all cells react and the autocontrol does not: rare cells, treated cells, a reference laboratory.
    HighPrevalence,
    /// Weak or single reactions without pattern: repeat, other methods, a fresh sample.
    Undetermined,
    /// The autocontrol reacts beside an alloantibody: transfused lately? Direct antiglobulin test and eluate.
    AutocontrolReactive,
    /// The autocontrol was not tested.
    AutocontrolMissing,
    /// These are not excluded yet; cells to choose are known by `select`.
    Exclude(Vec<Antigen>),
    /// Every cell with this antigen also carries an identified one: it cannot show.
    Masked(Vec<Antigen>),
    /// Too few cells for this antibody.
    MoreCells(Vec<Antigen>),
    /// Reacts with double-dose cells only, or stronger with them.
    Dosage(Vec<Antigen>),
    /// Type the patient for these.
    TypePatient(Vec<Antigen>),
    /// The patient was typed positive for these.
    PatientPositive(Vec<Antigen>),
    /// Anti-D with anti-C may be anti-G.
    AntiG,
    /// Another explanation is nearly as likely.
    Ambiguous,
    /// These columns contradict the cell's label and count as not typed.
    Doubtful(Vec<String>),
    /// Nothing reacted.
    NothingReacts,
}

impl Advice {
    /// The word in message keys and programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CannotConclude => "cannot-conclude",
            Self::HighPrevalence => "high-prevalence",
            Self::Undetermined => "undetermined",
            Self::AutocontrolReactive => "autocontrol-reactive",
            Self::AutocontrolMissing => "autocontrol-missing",
            Self::Exclude(_) => "exclude",
            Self::Masked(_) => "masked",
            Self::MoreCells(_) => "more-cells",
            Self::Dosage(_) => "dosage",
            Self::TypePatient(_) => "type-patient",
            Self::PatientPositive(_) => "patient-positive",
            Self::AntiG => "anti-g",
            Self::Ambiguous => "ambiguous",
            Self::Doubtful(_) => "doubtful",
            Self::NothingReacts => "nothing-reacts",
        }
    }

    /// What it is about: antigens, or cells for doubtful ones.
    pub fn about(&self) -> Vec<String> {
        match self {
            Self::Exclude(list)
            | Self::Masked(list)
            | Self::MoreCells(list)
            | Self::Dosage(list)
            | Self::TypePatient(list)
            | Self::PatientPositive(list) => list.iter().map(|a| a.name().to_owned()).collect(),
            Self::Doubtful(cells) => cells.clone(),
            _ => Vec::new(),
        }
    }
}
