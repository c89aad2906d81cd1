//! The durable journal on SQLite and PostgreSQL: hash chain, lease, snapshots.
