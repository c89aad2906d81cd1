//! How every command answers: for people, or as one JSON document; and how it says that it cannot.

use std::io::{Read, Write};
use std::process::ExitCode;

use lifeline_decisions::matching::InputError;
use serde::Serialize;

/// Why a command gives no answer: wrong use or unreadable input.
#[derive(Debug)]
pub struct Failure {
    /// Stable word for programs.
    pub code: &'static str,
    /// One line for people.
    pub message: String,
    /// Where in the input, as far as that is known.
    pub at: Option<Place>,
}

/// A place in the input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Place {
    /// A byte offset.
    Byte(u64),
    /// A field, and the row it is in where there are rows.
    Field(String),
}

impl Failure {
    /// A failure without an offset.
    pub fn new(code: &'static str, message: impl std::fmt::Display) -> Self {
        Self {
            code,
            message: message.to_string().replace('\n', " "),
            at: None,
        }
    }

    /// With the byte offset it points at.
    #[must_use]
    pub fn at(mut self, at: usize) -> Self {
        self.at = u64::try_from(at).ok().map(Place::Byte);
        self
    }

    /// With the field it is about; the message names it too.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.at = Some(Place::Field(field.into()));
        self
    }
}

impl Failure {
    /// A row and a field of an input that are wrong.
    pub fn input(code: &'static str, error: &InputError) -> Self {
        Self::new(code, error).field(format!("{}, {}", error.row, error.field))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new("failed", format!("{error:#}"))
    }
}

/// The answer was no, or a check failed.
pub const NO: u8 = 1;
/// Wrong use or unreadable input.
pub const WRONG: u8 = 2;

/// Turns what a command found into its exit code, after saying what went wrong.
pub fn finish(json: bool, result: Result<bool, Failure>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NO),
        Err(failure) => {
            let Failure { code, message, at } = failure;
            if json {
                let error = serde_json::json!({"code": code, "message": message, "at": at});
                eprintln!("{}", serde_json::json!({ "error": error }));
            } else {
                match at {
                    Some(Place::Byte(at)) => eprintln!("lifeline: {message} (byte {at})"),
                    Some(Place::Field(_)) | None => eprintln!("lifeline: {message}"),
                }
            }
            ExitCode::from(WRONG)
        }
    }
}

/// Prints one JSON document; a reader that has gone away is no fault.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::new("output", e))?;
    print_line(&text)
}

/// Prints a line; a reader that has gone away is no fault.
pub fn print_line(text: &str) -> Result<(), Failure> {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new("output", error))
        }
        _ => Ok(()),
    }
}

/// The largest input that is read, in bytes.
const INPUT_MOST: u64 = 64 << 20;

/// The bytes of a file, `-` for standard input.
pub fn read_input(file: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = |error: std::io::Error| Failure::new("unreadable", format!("{file}: {error}"));
    let mut bytes = Vec::new();
    let read = if file == "-" {
        std::io::stdin()
            .lock()
            .take(INPUT_MOST + 1)
            .read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file)
            .map_err(unreadable)?
            .take(INPUT_MOST + 1)
            .read_to_end(&mut bytes)
    };
    read.map_err(unreadable)?;
    if bytes.len() as u64 > INPUT_MOST {
        return Err(Failure::new(
            "too-large",
            format!("{file}: more than {INPUT_MOST} bytes"),
        ));
    }
    Ok(bytes)
}

/// A progress bar on a terminal, and none in a pipe.
pub fn bar(total: u64) -> indicatif::ProgressBar {
    indicatif::ProgressBar::with_draw_target(Some(total), indicatif::ProgressDrawTarget::stderr())
}
