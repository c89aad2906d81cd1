//! Seeded histories of whole hospitals against the invariants.
