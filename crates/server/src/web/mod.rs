//! The frame every page lives in: languages, layout, assets, forms, errors and the protections around them.
//!
//! Nothing here knows a rule or the desk: [`Doorkeeper`] says who is at the door, everything else is about showing and reading pages.
//! How to add a page is told in `docs/adding-a-page.md`.

pub mod assets;
pub mod components;
pub mod errors;
pub mod forms;
pub mod frame;
pub mod guard;
pub mod i18n;
pub mod pages;
pub mod rooms;
pub mod words;

#[cfg(test)]
mod tests;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

pub use components::{Banner, FindingLine, GroupMark, Moment, Pager, TimelineEntry, Tone};
pub use errors::PageError;
pub use forms::{Form, Posted};
pub use frame::{Doorkeeper, Frame, Person, Site, Visit, assemble};
pub use i18n::{Lang, Text};
pub use rooms::Room;

/// Renders a page. A template that fails to render is a fault of ours and becomes the error page.
pub fn render(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => PageError::internal(error).into_response(),
    }
}
