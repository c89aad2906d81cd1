//! ASTM / CLSI: the low-level link ([`lis1`]) and the records it carries ([`lis2`]).

pub mod deframe;
pub mod lis1;
pub mod lis2;
