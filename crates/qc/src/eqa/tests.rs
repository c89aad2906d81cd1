//! The printed examples of ISO 13528:2022 Annex E (numbers quoted as facts), degenerate data, and the agreement with an
//! independent implementation.

use super::*;

mod agreement;
mod estimates;
mod grading;
mod scoring;

/// Equal up to the decimals a value is printed with.
#[track_caller]
fn close(got: f64, expected: f64, within: f64) {
    assert!((got - expected).abs() <= within, "{got} is not {expected}");
}

/// E.3: atrazine in water, 34 laboratories.
pub(super) const ATRAZINE: [f64; 34] = [
    0.040, 0.055, 0.178, 0.202, 0.206, 0.227, 0.228, 0.230, 0.230, 0.235, 0.236, 0.237, 0.243,
    0.244, 0.245, 0.2555, 0.260, 0.264, 0.267, 0.270, 0.273, 0.274, 0.274, 0.278, 0.2811, 0.287,
    0.287, 0.288, 0.289, 0.295, 0.296, 0.311, 0.331, 0.4246,
];
