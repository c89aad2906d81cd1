//! One contract, two databases: every case below runs on SQLite and on PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod appending;
mod crash;
mod database;
mod faults;
mod golden;
mod lost_answers;
mod reading;
mod side_tables;
mod tampering;

use database::Database;

/// Runs every case on both databases.
macro_rules! contract {
    ($($module:ident :: $case:ident),* $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::run(super::Database::sqlite, super::$module::$case); })*
        }
        mod postgres {
            $(#[test] fn $case() { super::run(super::Database::postgres, super::$module::$case); })*
        }
    };
}

fn run<F: Future<Output = ()>>(database: fn() -> Database, case: fn(Database) -> F) {
    let database = database();
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(async { case(database).await });
}

contract! {
    appending::a_new_journal_is_empty,
    appending::the_chain_is_continuous,
    appending::a_reopened_journal_goes_on,
    appending::what_cannot_be_kept_is_refused_whole,
    appending::a_writer_that_is_behind_is_refused,
    appending::an_empty_batch_only_checks_the_lease,
    appending::the_lease_is_exclusive_until_released,
    appending::a_restarted_holder_deposes_its_former_self,
    appending::an_expired_lease_is_taken_over_and_the_old_writer_is_fenced,
    appending::two_writers_racing_on_one_database_lose_nothing,
    reading::known_commands_answer_with_their_entries,
    reading::pages_are_bounded,
    reading::subjects_are_listed_in_order_both_ways,
    reading::subjects_are_found_however_much_is_indexed,
    reading::filters_select_exactly_and_walk_to_the_end,
    reading::replay_gives_back_what_was_written,
    reading::a_follower_sees_what_another_server_writes,
    side_tables::snapshots_come_back_and_are_pruned,
    side_tables::a_snapshot_beyond_the_journal_is_refused,
    side_tables::checkpoints_are_remembered,
    side_tables::credentials_are_replaced_and_removed,
    side_tables::sessions_live_until_they_end,
    tampering::the_database_itself_refuses_changes,
    tampering::verification_names_the_first_broken_entry,
    tampering::a_stream_that_checks_stops_at_the_broken_entry,
    tampering::a_writer_notices_a_head_that_was_moved,
    tampering::two_subjects_with_one_key_are_told_apart,
    faults::damaged_snapshots_are_passed_over,
    faults::an_unfinished_snapshot_is_never_mixed_with_the_next,
    faults::a_newer_schema_is_refused,
    faults::a_cancelled_append_leaves_no_false_memory,
    crash::killed_while_appending_it_keeps_every_acknowledged_entry,
    golden::golden_hashes_are_reproduced,
    golden::whatever_is_written_is_read_back,
}
