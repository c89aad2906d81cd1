//! Words for what bags are: components, attributes, amounts, products.

use lifeline_core::blood::{Amount, Attributes, Component, Measure, ProductCode};
use lifeline_core::hospital::Hospital;
use lifeline_core::unit::{Hold, Status};

use crate::web::{Frame, Lang, Tone};

/// `2 U`, `1 dose`, `200 mL`.
pub fn amount(frame: &Frame, amount: Amount) -> String {
    let measure = frame.t.m(match amount.measure {
        Measure::Unit => "measure-unit",
        Measure::Dose => "measure-dose",
        Measure::Millilitre => "unit-ml",
    });
    format!("{amount} {measure}")
}

/// The component's name.
pub fn component(frame: &Frame, component: Component) -> String {
    frame.t.m(&format!("component-{}", component.as_str()))
}

/// Everything that was done to a bag or that it is, in one line; empty when nothing.
pub fn attributes(frame: &Frame, attributes: Attributes) -> String {
    attributes
        .iter()
        .map(|attribute| frame.t.m(&format!("attribute-{}", attribute.as_str())))
        .collect::<Vec<_>>()
        .join(&frame.t.m("list-separator"))
}

/// What a product code means in the product list of today; the code itself where it is not listed.
pub fn product(frame: &Frame, hospital: &Hospital, code: ProductCode) -> String {
    match hospital.policies.product(code, frame.now) {
        Ok(product) if frame.lang() == Lang::En => product.en.clone(),
        Ok(product) => product.zh.clone(),
        Err(_) => code.to_string(),
    }
}

/// The status in words, with its tone.
pub fn status(frame: &Frame, status: Status) -> (Tone, String) {
    let tone = match status {
        Status::Available | Status::Transfused => Tone::Good,
        Status::Reserved
        | Status::Crossmatched
        | Status::Issued
        | Status::OnWard
        | Status::Transfusing
        | Status::Consumed => Tone::Note,
        Status::Quarantined | Status::Returned | Status::Missing => Tone::Warn,
        Status::Discarded | Status::Recalled | Status::ReturnedToStation => Tone::Stop,
    };
    (tone, frame.t.m(&status.word()))
}

/// A reason for quarantine in words.
pub fn hold(frame: &Frame, hold: &Hold) -> String {
    super::timeline::worded(frame, &hold.word(), hold.code())
}
