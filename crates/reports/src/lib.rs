//! Reporting tables filled from the journal.
