//! For tests only (feature `testing`): databases of one's own.

mod folder;
mod postgres;

pub use folder::TestFolder;
pub use postgres::TestPostgres;
