//! The tests of the quality arithmetic through its public door.

#[cfg(test)]
mod charts;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod graded;
#[cfg(test)]
mod patients;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rates;
#[cfg(test)]
mod statistics;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod westgard;
