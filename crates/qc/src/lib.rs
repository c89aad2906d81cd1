//! The arithmetic of quality: control rules, charts, and the statistics of external assessment.
//!
//! Pure like the core, which uses it: no IO, no clock, no randomness. It knows numbers, streams and rule profiles, and
//! nothing of hospitals: what a control is for and what hangs on a verdict is the core's.
