//! How much blood to keep and to order.

pub mod perishable;
