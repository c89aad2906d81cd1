//! The tests of the quality arithmetic through its public door.

mod vectors;
