use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Din, DinError};

/// Why a text is no product code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no product code: eight characters, a letter then letters and digits")]
pub struct ProductCodeError(pub String);

/// A product code (血液产品码): five characters of description, donation type, two of division.
/// Both international `E…` and Chinese `P…` codes are met.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProductCode([u8; 8]);

impl ProductCode {
    /// Sorts before every real code.
    pub const LOWEST: Self = Self([0; 8]);

    /// Reads the eight characters.
    pub fn parse(text: &str) -> Result<Self, ProductCodeError> {
        let bad = || ProductCodeError(text.chars().take(20).collect());
        let bytes: [u8; 8] = text.trim().as_bytes().try_into().map_err(|_| bad())?;
        let good = bytes.iter().enumerate().all(|(at, b)| match at {
            0 => b.is_ascii_uppercase(),
            6 | 7 => b.is_ascii_alphanumeric(),
            _ => b.is_ascii_uppercase() || b.is_ascii_digit(),
        });
        if good { Ok(Self(bytes)) } else { Err(bad()) }
    }

    /// The eight characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The five characters that say what the product is.
    pub fn description(&self) -> &str {
        self.as_str().get(..5).unwrap_or_default()
    }

    /// The same product as division `first`/`second` (ISBT 128: a letter for the first split, a letter for the next).
    pub fn division(&self, first: char, second: char) -> Option<Self> {
        let mut bytes = self.0;
        for (slot, c) in bytes.iter_mut().skip(6).zip([first, second]) {
            if !c.is_ascii_alphanumeric() {
                return None;
            }
            *slot = c as u8;
        }
        Some(Self(bytes))
    }
}

impl TryFrom<String> for ProductCode {
    type Error = ProductCodeError;
    fn try_from(text: String) -> Result<Self, ProductCodeError> {
        Self::parse(&text)
    }
}

impl From<ProductCode> for String {
    fn from(code: ProductCode) -> String {
        code.as_str().into()
    }
}

impl std::str::FromStr for ProductCode {
    type Err = ProductCodeError;
    fn from_str(text: &str) -> Result<Self, ProductCodeError> {
        Self::parse(text)
    }
}

impl fmt::Display for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProductCode({self})")
    }
}

/// One bag: donation number and product code together; never the donation number alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UnitId {
    /// The donation it came from.
    pub din: Din,
    /// What was made of it.
    pub product: ProductCode,
}

/// Why a text names no unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitIdError {
    /// No dash between the two halves.
    #[error("a unit is named DONATION-PRODUCT")]
    Form,
    /// The first half is wrong.
    #[error(transparent)]
    Din(#[from] DinError),
    /// The second half is wrong.
    #[error(transparent)]
    Product(#[from] ProductCodeError),
}

impl UnitId {
    /// Sorts before every real unit.
    pub const LOWEST: Self = Self {
        din: Din::LOWEST,
        product: ProductCode::LOWEST,
    };

    /// Puts the two halves together.
    pub fn new(din: Din, product: ProductCode) -> Self {
        Self { din, product }
    }
}

impl std::str::FromStr for UnitId {
    type Err = UnitIdError;
    fn from_str(text: &str) -> Result<Self, UnitIdError> {
        let (din, product) = text.trim().split_once('-').ok_or(UnitIdError::Form)?;
        Ok(Self {
            din: Din::parse(din)?,
            product: ProductCode::parse(product)?,
        })
    }
}

impl TryFrom<String> for UnitId {
    type Error = UnitIdError;
    fn try_from(text: String) -> Result<Self, UnitIdError> {
        text.parse()
    }
}

impl From<UnitId> for String {
    fn from(id: UnitId) -> String {
        id.to_string()
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.din, self.product)
    }
}

/// The component family a rule acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Red cells: suspended, leukoreduced, washed, deglycerolised.
    RedCells,
    /// Whole blood.
    WholeBlood,
    /// Fresh frozen, frozen, virus-inactivated plasma.
    Plasma,
    /// Apheresis or pooled platelets.
    Platelets,
    /// Cryoprecipitate.
    Cryo,
    /// Granulocytes.
    Granulocytes,
}

impl Component {
    /// All families.
    pub const ALL: [Self; 6] = [
        Self::RedCells,
        Self::WholeBlood,
        Self::Plasma,
        Self::Platelets,
        Self::Cryo,
        Self::Granulocytes,
    ];

    /// The word in commands, policies and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RedCells => "red_cells",
            Self::WholeBlood => "whole_blood",
            Self::Plasma => "plasma",
            Self::Platelets => "platelets",
            Self::Cryo => "cryo",
            Self::Granulocytes => "granulocytes",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|component| component.as_str() == text.trim())
    }

    /// Whether the bag carries red cells in an amount that a recipient's antibodies could meet, so that it is crossmatched.
    pub fn carries_red_cells(self) -> bool {
        matches!(self, Self::RedCells | Self::WholeBlood | Self::Granulocytes)
    }
}

/// What was done to, or is special about, a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// White cells removed.
    Leukoreduced,
    /// Irradiated against graft-versus-host disease.
    Irradiated,
    /// Plasma washed out.
    Washed,
    /// Kept frozen.
    Frozen,
    /// Thawed from frozen.
    Thawed,
    /// Several donations in one bag.
    Pooled,
    /// One part of a divided bag.
    Split,
    /// Supernatant taken off.
    VolumeReduced,
    /// Collected by apheresis.
    Apheresis,
    /// Virus inactivated.
    VirusInactivated,
    /// Tested negative for cytomegalovirus antibody.
    CmvNegative,
    /// HLA matched or selected.
    HlaMatched,
    /// Anti-A and anti-B titres low.
    LowTitre,
}

impl Attribute {
    /// Every attribute.
    pub const ALL: [Self; 13] = [
        Self::Leukoreduced,
        Self::Irradiated,
        Self::Washed,
        Self::Frozen,
        Self::Thawed,
        Self::Pooled,
        Self::Split,
        Self::VolumeReduced,
        Self::Apheresis,
        Self::VirusInactivated,
        Self::CmvNegative,
        Self::HlaMatched,
        Self::LowTitre,
    ];

    /// The word in policies and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leukoreduced => "leukoreduced",
            Self::Irradiated => "irradiated",
            Self::Washed => "washed",
            Self::Frozen => "frozen",
            Self::Thawed => "thawed",
            Self::Pooled => "pooled",
            Self::Split => "split",
            Self::VolumeReduced => "volume_reduced",
            Self::Apheresis => "apheresis",
            Self::VirusInactivated => "virus_inactivated",
            Self::CmvNegative => "cmv_negative",
            Self::HlaMatched => "hla_matched",
            Self::LowTitre => "low_titre",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|attribute| attribute.as_str() == text.trim())
    }
}

/// A set of [`Attribute`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Attribute>", into = "Vec<Attribute>")]
pub struct Attributes(u16);

impl Attributes {
    /// Whether the attribute is in the set.
    pub fn has(self, attribute: Attribute) -> bool {
        self.0 & (1 << attribute as u16) != 0
    }

    /// The set with the attribute.
    #[must_use]
    pub fn with(self, attribute: Attribute) -> Self {
        Self(self.0 | (1 << attribute as u16))
    }

    /// The set without the attribute.
    #[must_use]
    pub fn without(self, attribute: Attribute) -> Self {
        Self(self.0 & !(1 << attribute as u16))
    }

    /// The members in the order of [`Attribute::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Attribute> {
        Attribute::ALL
            .into_iter()
            .filter(move |attribute| self.has(*attribute))
    }
}

impl From<Vec<Attribute>> for Attributes {
    fn from(list: Vec<Attribute>) -> Self {
        list.into_iter().fold(Self::default(), Self::with)
    }
}

impl From<Attributes> for Vec<Attribute> {
    fn from(set: Attributes) -> Self {
        set.iter().collect()
    }
}

/// A volume in whole millilitres.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millilitres(pub u32);

/// What an amount counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The Chinese unit (U): the product of 200 mL of whole blood.
    Unit,
    /// A therapeutic dose of platelets.
    Dose,
    /// Millilitres.
    Millilitre,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Unit, Self::Dose, Self::Millilitre];

    /// The word in commands, policies and message keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Dose => "dose",
            Self::Millilitre => "millilitre",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|measure| measure.as_str() == text.trim())
    }
}

/// How much one bag counts for, in hundredths of its measure, so that half a unit is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Hundredths: 150 is 1.5.
    pub hundredths: u32,
    /// Of what.
    pub measure: Measure,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.hundredths / 100, self.hundredths % 100);
        match rest {
            0 => write!(f, "{whole}"),
            r if r % 10 == 0 => write!(f, "{whole}.{}", r / 10),
            r => write!(f, "{whole}.{r:02}"),
        }
    }
}

/// A temperature in tenths of a degree Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Celsius {
    /// Tenths of a degree: 42 is 4.2 °C.
    pub tenths: i32,
}

impl Celsius {
    /// Reads `4`, `4.2`, `-18`, `4,2`; between −100 and +60.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().replace([',', '，'], ".").replace('−', "-");
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let (whole, tenth) = digits.split_once('.').unwrap_or((digits, "0"));
        if whole.is_empty() || tenth.len() != 1 || !whole.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let tenths = whole
            .parse::<i32>()
            .ok()?
            .checked_mul(10)?
            .checked_add(tenth.parse::<u8>().ok()?.into())?;
        let tenths = if negative { -tenths } else { tenths };
        (-1000..=600).contains(&tenths).then_some(Self { tenths })
    }
}

impl fmt::Display for Celsius {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.tenths < 0 { "-" } else { "" };
        write!(
            f,
            "{sign}{}.{}",
            self.tenths.abs() / 10,
            self.tenths.abs() % 10
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temperatures() {
        for (text, tenths) in [
            ("4", 40),
            ("4.2", 42),
            ("-18", -180),
            ("-0.5", -5),
            ("2，5", 25),
        ] {
            assert_eq!(Celsius::parse(text), Some(Celsius { tenths }), "{text}");
        }
        for bad in ["", "-", "4.25", "61", "-101", "four", "1e3", "+4"] {
            assert_eq!(Celsius::parse(bad), None, "{bad}");
        }
        assert_eq!(Celsius { tenths: -5 }.to_string(), "-0.5");
    }

    #[test]
    fn units_are_named_by_both_halves() {
        let id: UnitId = "W000007123456-E0336V00".parse().unwrap();
        assert_eq!(id.to_string(), "W000007123456-E0336V00");
        assert!("W000007123456".parse::<UnitId>().is_err());
        assert!("W000007123456-0336V00".parse::<UnitId>().is_err());
    }
}
