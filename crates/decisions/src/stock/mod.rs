//! How much blood to keep and to order.

pub mod forecast;
pub mod outlook;
pub mod perishable;
mod read;
pub mod usage;
