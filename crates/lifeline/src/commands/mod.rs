//! One file a command.

pub mod demo;
pub mod init;
pub mod serve;

use std::future::Future;

/// Runs async work on a runtime of its own.
pub fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
