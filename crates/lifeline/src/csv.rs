//! Tables with a header line, as spreadsheets write them.

use crate::answer::{Failure, read_input};

/// Most rows of a table.
const ROWS_MOST: usize = 5_000_000;

/// A table that was read whole.
#[derive(Debug)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Record>,
}

/// One row.
#[derive(Debug)]
pub struct Record {
    /// Number of the row, from 1, the header and empty lines not counted.
    pub number: usize,
    /// Where it begins in the file, in bytes.
    pub at: usize,
    cells: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    place: usize,
    name: String,
}

impl Record {
    /// The cell of a column, without the spaces around it.
    pub fn cell(&self, column: &Column) -> &str {
        self.cells.get(column.place).map_or("", |cell| cell.trim())
    }

    /// A failure that names the row and the column.
    pub fn failure(&self, column: &Column, problem: impl std::fmt::Display) -> Failure {
        let shown: String = self.cell(column).chars().take(60).collect();
        let message = format!("row {}, {}: {shown:?} {problem}", self.number, column.name);
        Failure::new("value", message).at(self.at)
    }
}

impl Table {
    /// Reads a file (`-` for standard input): fields parted by commas, quoted where they hold one, a header line.
    pub fn read(file: &str) -> Result<Self, Failure> {
        let bytes = read_input(file)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            Failure::new("encoding", format!("{file}: not UTF-8 text")).at(error.valid_up_to())
        })?;
        Self::parse(file, text)
    }

    fn parse(file: &str, text: &str) -> Result<Self, Failure> {
        let start = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let mut reader = Reader { text, at: start };
        let mut records = std::iter::from_fn(|| reader.record().transpose());
        let header = records.next().transpose()?;
        let header: Vec<String> = header
            .map(|(_, cells)| cells.iter().map(|name| name.trim().to_owned()).collect())
            .ok_or_else(|| {
                Failure::new("empty", format!("{file}: empty, not even a header line"))
            })?;
        let mut rows = Vec::new();
        for record in records {
            let (at, cells) = record?;
            let number = rows.len() + 1;
            if number > ROWS_MOST {
                return Err(Failure::new(
                    "too-large",
                    format!("{file}: more than {ROWS_MOST} rows"),
                ));
            }
            if cells.len() != header.len() {
                let message = format!(
                    "row {number}: {} fields, the header has {}",
                    cells.len(),
                    header.len()
                );
                return Err(Failure::new("fields", message).at(at));
            }
            rows.push(Record { number, at, cells });
        }
        if rows.is_empty() {
            return Err(Failure::new(
                "empty",
                format!("{file}: no rows below the header"),
            ));
        }
        Ok(Self { header, rows })
    }

    /// The rows.
    pub fn rows(&self) -> &[Record] {
        &self.rows
    }

    /// A column by its name: written alike, or else alike but for capitals.
    pub fn column(&self, name: &str) -> Result<Column, Failure> {
        let exact = self.places(|known| known == name);
        let places = if exact.is_empty() {
            self.places(|known| known.eq_ignore_ascii_case(name))
        } else {
            exact
        };
        match places.as_slice() {
            [place] => Ok(Column {
                place: *place,
                name: name.to_owned(),
            }),
            [] => {
                let there = self.header.join(", ");
                Err(Failure::new(
                    "column",
                    format!("no column {name:?}; there are: {there}"),
                ))
            }
            _ => Err(Failure::new("column", format!("two columns {name:?}"))),
        }
    }

    /// A column that need not be there, written alike: `u` and `U` are two.
    pub fn optional(&self, name: &str) -> Option<Column> {
        match self.places(|known| known == name).as_slice() {
            [place] => Some(Column {
                place: *place,
                name: name.to_owned(),
            }),
            _ => None,
        }
    }

    /// Every column.
    pub fn columns(&self) -> impl Iterator<Item = Column> {
        self.header.iter().enumerate().map(|(place, name)| Column {
            place,
            name: name.clone(),
        })
    }

    fn places(&self, named: impl Fn(&str) -> bool) -> Vec<usize> {
        let known = self.header.iter().enumerate();
        known
            .filter(|(_, name)| named(name))
            .map(|(place, _)| place)
            .collect()
    }
}

impl Column {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// The next line that is not empty, and where it begins.
    fn record(&mut self) -> Result<Option<(usize, Vec<String>)>, Failure> {
        loop {
            let start = self.at;
            if start >= self.text.len() {
                return Ok(None);
            }
            let cells = self.line()?;
            if cells.iter().any(|cell| !cell.trim().is_empty()) {
                return Ok(Some((start, cells)));
            }
        }
    }

    fn line(&mut self) -> Result<Vec<String>, Failure> {
        let mut cells = vec![String::new()];
        let mut quoted = None;
        let mut rest = self
            .text
            .get(self.at..)
            .unwrap_or_default()
            .char_indices()
            .peekable();
        let begin = self.at;
        while let Some((offset, letter)) = rest.next() {
            self.at = begin + offset + letter.len_utf8();
            let cell = cells.last_mut();
            match (letter, quoted, cell) {
                ('"', Some(_), Some(cell)) => match rest.peek() {
                    Some((_, '"')) => {
                        rest.next();
                        cell.push('"');
                    }
                    _ => quoted = None,
                },
                (letter, Some(_), Some(cell)) => cell.push(letter),
                ('"', None, Some(cell)) if cell.trim().is_empty() => {
                    cell.clear();
                    quoted = Some(begin + offset);
                }
                (',', None, _) => cells.push(String::new()),
                ('\n', None, _) => return Ok(cells),
                ('\r', None, _) => {
                    if rest.peek().is_some_and(|(_, next)| *next == '\n') {
                        self.at += 1;
                    }
                    return Ok(cells);
                }
                (letter, None, Some(cell)) => cell.push(letter),
                (_, _, None) => {}
            }
        }
        match quoted {
            Some(at) => Err(Failure::new("quote", "a quotation mark is never closed").at(at)),
            None => Ok(cells),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let table = Table::parse("x", text).unwrap();
        table.rows.into_iter().map(|row| row.cells).collect()
    }

    #[test]
    fn spreadsheets_of_all_kinds_are_read() {
        let expected = [["1", "a,b"], ["2", "say \"yes\""]];
        for text in [
            "id,name\n1,\"a,b\"\n2,\"say \"\"yes\"\"\"\n",
            "\u{feff}id,name\r\n1,\"a,b\"\r\n\r\n2,\"say \"\"yes\"\"\"",
            "id,name\r1,\"a,b\"\r,\r2,\"say \"\"yes\"\"\"\r",
        ] {
            assert_eq!(cells(text), expected, "{text:?}");
        }
        let table = Table::parse("x", "a , B\n1,\n").unwrap();
        assert_eq!(table.rows()[0].cell(&table.column("b").unwrap()), "");
    }

    #[test]
    fn broken_tables_are_refused_with_the_place() {
        for (text, code) in [
            ("", "empty"),
            ("\n\n", "empty"),
            ("a,b\n", "empty"),
            ("a,b\n1\n", "fields"),
            ("a,b\n1,2,3\n", "fields"),
            ("a,b\n1,\"2\n", "quote"),
        ] {
            assert_eq!(Table::parse("x", text).unwrap_err().code, code, "{text:?}");
        }
        let table = Table::parse("x", "a,a\n1,2\n").unwrap();
        assert_eq!(table.column("a").unwrap_err().code, "column");
        assert_eq!(table.column("b").unwrap_err().code, "column");
    }
}
