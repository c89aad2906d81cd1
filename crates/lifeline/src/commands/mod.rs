//! One file a command.

pub mod antibody;
pub mod backup;
pub mod bench;
pub mod calc;
pub mod compat;
pub mod console;
pub mod demo;
pub mod doctor;
pub mod donors;
pub mod eqa;
pub mod evidence;
pub mod export;
pub mod group;
pub mod init;
pub mod journal;
pub mod label;
pub mod matching;
pub mod platelets;
pub mod policy;
pub mod qc;
pub mod replay;
pub mod reports;
pub mod serve;
pub mod simulate;
pub mod stock;
pub mod user;
pub mod verify;
pub mod wire;

use std::future::Future;

/// Runs async work on a runtime of its own.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Gives the right to write back at the end of a short command. Where that fails the lease runs out by itself.
pub async fn leave(journal: &lifeline_journal::Journal) {
    if let Ok(lease) = journal.lease().await {
        let _ = journal.release_lease(lease.epoch).await;
    }
}
