//! Reading forms: what was typed or scanned, what is wrong with which field, and everything kept so that nothing has to be typed twice.

use axum::extract::{FromRequest, Request};
use uuid::Uuid;

use super::errors::PageError;
use super::frame::Frame;

/// The most fields a form may have; a reaction grid of a full panel stays far below.
pub const FIELDS_MAX: usize = 2000;

/// The fields of a submitted form, in order. As an extractor it reads an URL-encoded body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posted(Vec<(String, String)>);

impl Posted {
    /// The fields given, for tests and for forms that start filled in.
    pub fn of<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(
            fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The value of a field without surrounding white space; empty when the form did not have it.
    pub fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value.trim())
    }

    /// Every value of a field that may occur several times, such as ticked boxes.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.trim())
    }

    /// The fields whose names start with a prefix, with the rest of the name: wells of a grid, lines of a delivery.
    pub fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter_map(move |(field, value)| Some((field.strip_prefix(prefix)?, value.trim())))
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let words = request
            .extensions()
            .get::<Frame>()
            .map(|frame| frame.t.m("error-not-understood"))
            .unwrap_or_default();
        let axum::Form(fields) = axum::Form::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|_| PageError::Unreadable(words.clone()))?;
        if fields.len() > FIELDS_MAX {
            Err(PageError::TooLarge)
        } else {
            Ok(Self(fields))
        }
    }
}

/// A form as a page shows it: its hidden fields, what is filled in, and what is wrong.
#[derive(Clone, Debug)]
pub struct Form {
    /// The session's secret, hidden field `_csrf`.
    pub csrf: String,
    /// The id that makes sending twice the same as sending once, hidden field `_command`.
    pub command: Uuid,
    /// The journal position of what the person saw, hidden field `_seen`, when the command depends on it.
    pub seen: Option<u64>,
    posted: Posted,
    errors: Vec<(String, String)>,
}

impl Form {
    /// An empty form with a new command id.
    pub fn blank(frame: &Frame) -> Self {
        Self::filled(frame, Posted::default())
    }

    /// A new form that starts with these values.
    pub fn filled(frame: &Frame, values: Posted) -> Self {
        Self {
            csrf: frame.csrf.to_string(),
            command: Uuid::now_v7(),
            seen: None,
            posted: values,
            errors: Vec::new(),
        }
    }

    /// The form that was sent, under the command id it was sent with.
    ///
    /// # Errors
    /// [`PageError::Unreadable`] when the hidden fields are missing or not what this program wrote into them.
    pub fn sent(frame: &Frame, posted: Posted) -> Result<Self, PageError> {
        let unreadable = || PageError::Unreadable(frame.t.m("error-not-understood"));
        let command = posted.get("_command").parse().map_err(|_| unreadable())?;
        let seen = match posted.get("_seen") {
            "" => None,
            seen => Some(seen.parse().map_err(|_| unreadable())?),
        };
        Ok(Self {
            csrf: frame.csrf.to_string(),
            command,
            seen,
            posted,
            errors: Vec::new(),
        })
    }

    /// The same form, remembering the journal position of what it shows.
    pub fn seeing(mut self, position: u64) -> Self {
        self.seen = Some(position);
        self
    }

    /// The same form with these values instead of what stood in their fields.
    pub fn with_fields(mut self, values: Posted) -> Self {
        self.posted
            .0
            .retain(|(name, _)| values.0.iter().all(|(given, _)| given != name));
        self.posted.0.extend(values.0);
        self
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> &str {
        self.posted.get(name)
    }

    /// Whether a box is ticked or an option chosen.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.posted.all(name).any(|given| given == value)
    }

    /// What was sent.
    pub fn posted(&self) -> &Posted {
        &self.posted
    }

    /// What is wrong with a field, in the person's language; empty when nothing is.
    pub fn error(&self, name: &str) -> &str {
        self.errors
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, words)| words)
    }

    /// Whether anything is wrong so far.
    pub fn is_ok(&self) -> bool {
        self.errors.is_empty()
    }

    /// Notes what is wrong with a field.
    pub fn refuse(&mut self, name: &str, words: impl Into<String>) {
        self.errors.push((name.to_owned(), words.into()));
    }

    /// Reads a field into its type; when it cannot be, notes the words for why and gives nothing.
    pub fn read<T, E>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        words: impl FnOnce(E) -> String,
    ) -> Option<T> {
        match parse(self.posted.get(name)) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(name, words(error));
                None
            }
        }
    }

    /// Reads a field that may be left empty.
    pub fn read_optional<T, E>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
        words: impl FnOnce(E) -> String,
    ) -> Option<T> {
        if self.posted.get(name).is_empty() {
            None
        } else {
            self.read(name, parse, words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Posted;

    #[test]
    fn fields_are_read_trimmed_in_order_and_by_prefix() {
        let posted = Posted::of([
            ("din", " W1234 "),
            ("mark", "a"),
            ("mark", "b"),
            ("well-A1", "4+"),
        ]);
        assert_eq!(posted.get("din"), "W1234");
        assert_eq!(posted.get("absent"), "");
        assert_eq!(posted.all("mark").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(posted.below("well-").collect::<Vec<_>>(), [("A1", "4+")]);
    }
}
