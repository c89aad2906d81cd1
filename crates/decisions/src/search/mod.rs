//! Blood without certain antigens: on the shelf, among registered donors, and how many to screen where there is none.

mod donors;
mod share;
mod shelf;

pub use donors::{
    Catalogue, DonorFault, FAULTS_MOST, Hit, given_to, parse as parse_donors, read_group,
};
pub use share::{Part, Reckoned, Shares};
pub use shelf::{Open, Shelf, Wanted, shelf};

#[cfg(test)]
mod tests;
