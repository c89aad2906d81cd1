use crate::statistics::{fisher, harris_hochman};

/// How reactions and antigen go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Table {
    /// Antigen-positive cells that reacted.
    pub pos_reactive: u32,
    /// Antigen-positive cells that did not.
    pub pos_non: u32,
    /// Antigen-negative cells that reacted.
    pub neg_reactive: u32,
    /// Antigen-negative cells that did not.
    pub neg_non: u32,
}

impl Table {
    /// One-sided Fisher exact probability of so many reactive positives or more by chance.
    pub fn fisher(&self) -> f64 {
        fisher(
            self.pos_reactive,
            self.pos_non,
            self.neg_reactive,
            self.neg_non,
        )
    }

    /// Harris and Hochman's probability; only where no cell contradicts.
    pub fn harris_hochman(&self) -> Option<f64> {
        (self.pos_non == 0 && self.neg_reactive == 0)
            .then(|| harris_hochman(self.pos_reactive, self.neg_non))
    }

    /// Whether so many positives reacted and as many negatives did not.
    pub fn reaches(&self, cells: u32) -> bool {
        self.pos_reactive >= cells && self.neg_non >= cells
    }
}
