//! What blood is called: donation numbers, product codes, groups, antigens, grades, quantities.

mod antigen;
mod din;
mod grade;
mod group;
mod platelet_antigen;
mod product;
mod rhd_genotype;

pub use antigen::{Antigen, AntigenProfile, Typing};
pub use din::{Din, DinError};
pub use grade::Grade;
pub use group::{Abo, BloodGroup, GroupError, LabelGroup, RhD};
pub use platelet_antigen::{PlateletAntigen, PlateletAntigenError};
pub use product::{
    Amount, Attribute, Attributes, Celsius, Component, Measure, Millilitres, ProductCode,
    ProductCodeError, UnitId, UnitIdError,
};
pub use rhd_genotype::{RhdAllele, RhdGenotype};
