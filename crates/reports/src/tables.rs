//! The tables, once for both databases.

/// What a column holds. Each kind is one type in each database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text: `TEXT`, `text`.
    Text,
    /// A whole number: `INTEGER`, `bigint`.
    Number,
    /// A moment: `TEXT` in the form `2026-11-22T08:00:00Z`, `timestamptz`.
    Time,
}

/// A column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it is always there. The key always is.
    pub needed: bool,
}

/// A table.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name, the same in both databases.
    pub name: &'static str,
    /// How many of the first columns are its key.
    pub key: usize,
    /// Its columns.
    pub columns: &'static [Column],
}

/// Raised when a table changes its shape: tables of another form are made again.
pub const FORM: i64 = 1;

const fn column(name: &'static str, kind: Kind, needed: bool) -> Column {
    Column { name, kind, needed }
}

macro_rules! tables {
    ($($table:ident $key:literal { $($column:ident: $kind:ident $(($optional:ident))?),* $(,)? })*) => {
        /// Every table.
        pub const TABLES: &[Table] = &[$(Table {
            name: concat!("report_", stringify!($table)),
            key: $key,
            columns: &[$(column(stringify!($column), Kind::$kind, tables!(@needed $($optional)?))),*],
        }),*];
    };
    (@needed) => { true };
    (@needed optional) => { false };
}

tables! {
    unit 1 {
        unit: Text, donation: Text, product: Text, component: Text, abo_rhd: Text, status: Text, location: Text,
        volume_ml: Number, collected_at: Time(optional), expires_at: Time, received_at: Time, received_by: Text,
        reserved_for: Text(optional), minutes_out: Number, changed_at: Time, changed_seq: Number,
    }
    unit_movement 2 {
        seq: Number, unit: Text, at: Time, by: Text, workstation: Text, kind: Text, location_from: Text(optional),
        location_to: Text(optional), reason: Text(optional),
    }
    sample 1 {
        sample: Text, patient: Text, request: Text(optional), state: Text, reason: Text(optional), drawn_at: Time, drawn_by: Text,
        expires_at: Time, received_at: Time, received_by: Text, stored: Text(optional), changed_seq: Number,
    }
    test 1 {
        test: Text, kind: Text, sample: Text(optional), unit: Text(optional), state: Text, version: Number, result: Text(optional),
        device: Text(optional), entered_at: Time(optional), entered_by: Text(optional), verified_at: Time(optional),
        verified_by: Text(optional), changed_seq: Number,
    }
    crossmatch 1 {
        crossmatch: Text, unit: Text, patient: Text, sample: Text, request: Text, method: Text, outcome: Text, retrospective: Number,
        expires_at: Time, recorded_at: Time, recorded_by: Text, reviewed_at: Time(optional), reviewed_by: Text(optional),
        void_reason: Text(optional), changed_seq: Number,
    }
    issue 1 {
        issue: Text, unit: Text, patient: Text, request: Text, crossmatch: Text(optional), emergency: Text(optional), destination: Text,
        issued_at: Time, issued_by: Text, checked_by: Text, collected_by: Text, warnings: Number, on_ward_at: Time(optional),
        returned_at: Time(optional), return_reason: Text(optional), retrospective_due: Time(optional), changed_seq: Number,
    }
    transfusion 1 {
        issue: Text, unit: Text, patient: Text, started_at: Time, ended_at: Time, volume_ml: Number, reaction: Text, recorded_at: Time,
        recorded_by: Text,
    }
    refusal 2 {
        seq: Number, finding: Number, rule: Text, severity: Text, command: Text, at: Time, by: Text, workstation: Text,
    }
}
