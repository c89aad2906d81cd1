//! The `lifeline` command.
fn main() {}
