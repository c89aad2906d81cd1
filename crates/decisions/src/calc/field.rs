/// One input of a calculator.
#[derive(Debug)]
pub struct Field {
    /// The name in commands and message keys; it ends in the unit where there is one.
    pub name: &'static str,
    /// Another name it is accepted under.
    pub also: &'static [&'static str],
    /// The unit, empty where there is none.
    pub unit: &'static str,
    /// What it can hold.
    pub kind: Kind,
    /// Whether it must be given.
    pub need: Need,
}

/// What an input can hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number between two bounds, both included.
    Number {
        /// The least accepted.
        least: f64,
        /// The most accepted.
        most: f64,
    },
    /// A whole number between two bounds, both included.
    Count {
        /// The least accepted.
        least: u32,
        /// The most accepted.
        most: u32,
    },
    /// A share from 0 to 1.
    Share,
    /// A haematocrit, as a fraction (0.05 to 0.95) or in percent (5 to 95); the two ranges do not touch, so which one is meant is
    /// never in doubt.
    Haematocrit,
    /// Yes or no.
    Flag,
    /// Female or male.
    Sex,
    /// Free words, shown with the result.
    Word,
    /// A list of shares, each a number, or an antigen with its share: `{"antigen": "E", "share": 0.3}`.
    Shares,
}

/// Whether an input must be given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// Always.
    Always,
    /// One of several inputs that say the same, or needed by some variants only; the formula asks for it.
    Choice,
    /// This is taken where it is not given.
    Default(f64),
}

impl Field {
    /// A number that must be given.
    pub(super) const fn number(
        name: &'static str,
        unit: &'static str,
        least: f64,
        most: f64,
    ) -> Self {
        Self::new(name, unit, Kind::Number { least, most })
    }

    /// A whole number that must be given.
    pub(super) const fn count(name: &'static str, least: u32, most: u32) -> Self {
        Self::new(name, "", Kind::Count { least, most })
    }

    /// An input of any kind that must be given.
    pub(super) const fn new(name: &'static str, unit: &'static str, kind: Kind) -> Self {
        Self {
            name,
            also: &[],
            unit,
            kind,
            need: Need::Always,
        }
    }

    /// One of several that say the same.
    pub(super) const fn choice(mut self) -> Self {
        self.need = Need::Choice;
        self
    }

    /// With what is taken where it is not given.
    pub(super) const fn or(mut self, value: f64) -> Self {
        self.need = Need::Default(value);
        self
    }

    /// Accepted under other names too.
    pub(super) const fn or_named(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    /// Body weight in kilograms, from the smallest newborn to the heaviest adult.
    pub(super) const WEIGHT: Self = Self::number("weight_kg", "kg", 0.3, 400.0);

    /// Blood volume per kilogram, from an obese adult to a preterm child.
    pub(super) const ML_PER_KG: Self = Self::number("ml_per_kg", "mL/kg", 40.0, 150.0);

    /// What a bag holds.
    pub(super) const ML_PER_BAG: Self = Self::number("ml_per_bag", "mL", 20.0, 1_000.0);

    /// Platelet dose.
    pub(super) const DOSE: Self = Self::number("dose_1e11", "×10¹¹", 0.05, 50.0);

    /// Blood volume in litres.
    pub(super) const BLOOD_VOLUME: Self = Self::number("blood_volume_l", "L", 0.02, 20.0);

    /// A haematocrit.
    pub(super) const fn haematocrit(name: &'static str) -> Self {
        Self::new(name, "", Kind::Haematocrit)
    }

    /// A haemoglobin concentration in g/dL.
    pub(super) const fn hb_g_dl(name: &'static str) -> Self {
        Self::number(name, "g/dL", 1.0, 25.0)
    }

    /// A haemoglobin concentration in g/L.
    pub(super) const fn hb_g_l(name: &'static str) -> Self {
        Self::number(name, "g/L", 10.0, 250.0)
    }
}
