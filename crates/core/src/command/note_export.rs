use serde::{Deserialize, Serialize};

use super::{Checks, Context, Decide, Decision};
use crate::event::AuditEvent;
use crate::finding::Finding;
use crate::hospital::Hospital;
use crate::people::Action;
use crate::subject::Subject;

/// Somebody takes a copy of the journal away: given before the copy begins, so that no copy leaves unseen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteExport {
    /// Up to which entry.
    pub upto: u64,
}

impl NoteExport {
    /// What is exported, as the fact names it.
    pub const JOURNAL: &'static str = "journal";
}

impl Decide for NoteExport {
    fn action(&self) -> Action {
        Action::ExportJournal
    }

    fn subjects(&self) -> Vec<Subject> {
        Vec::new()
    }

    fn decide(&self, hospital: &Hospital, context: &Context) -> Decision {
        let mut checks = Checks::new(hospital, context);
        checks.require(self.upto <= hospital.seq, || {
            Finding::bad_value("upto", "why-out-of-range")
        });
        checks.settle()?;
        Ok(vec![
            AuditEvent::Exported {
                what: Self::JOURNAL.into(),
                upto: self.upto,
            }
            .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::testkit::{Trial, by};

    #[test]
    fn an_export_is_a_fact_of_whoever_may_export() {
        let mut trial = Trial::new();
        let upto = trial.hospital.seq;
        let note = NoteExport { upto };
        assert_eq!(
            trial.refused(by("technologist"), note.clone()),
            ["not-permitted"]
        );
        let events = trial.run(by("auditor"), note);
        assert!(matches!(
            events.as_slice(),
            [Event::Audit(AuditEvent::Exported { upto: told, .. })] if *told == upto
        ));
        let ahead = NoteExport { upto: upto + 100 };
        assert_eq!(trial.refused(by("auditor"), ahead), ["bad-value"]);
    }
}
