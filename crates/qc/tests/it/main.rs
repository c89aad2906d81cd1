//! The tests of the quality arithmetic through its public door.

#[cfg(test)]
mod vectors;
