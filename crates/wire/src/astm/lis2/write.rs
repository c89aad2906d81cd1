//! The strict sender: usual delimiters, CR after every record, every special character escaped.

use super::Delimiters;

/// Writes one message record by record. Trailing empty fields are left out.
#[derive(Debug, Clone)]
pub struct Writer {
    out: Vec<u8>,
    delimiters: Delimiters,
    in_record: bool,
    /// Empty fields not written yet.
    pending: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new(Delimiters::default())
    }
}

impl Writer {
    /// A writer with given delimiters (an answer mirrors those of the query).
    #[must_use]
    pub fn new(delimiters: Delimiters) -> Self {
        Self {
            out: Vec::new(),
            delimiters,
            in_record: false,
            pending: 0,
        }
    }

    /// Begins the header, with the delimiters in place; its next field is H.3.
    pub fn header(&mut self) -> &mut Self {
        self.record('H');
        let d = self.delimiters;
        self.out.extend([d.field, d.repeat, d.component, d.escape]);
        self
    }

    /// Begins a record; its next field is the second.
    pub fn record(&mut self, letter: char) -> &mut Self {
        self.end_record();
        self.in_record = true;
        self.out.extend(letter.to_string().bytes());
        self
    }

    /// Adds a field with one text.
    pub fn field(&mut self, text: &str) -> &mut Self {
        self.fields(&[&[text]])
    }

    /// Adds a field of components.
    pub fn components(&mut self, components: &[&str]) -> &mut Self {
        self.fields(&[components])
    }

    /// Adds a field of repeats of components.
    pub fn fields(&mut self, repeats: &[&[&str]]) -> &mut Self {
        self.pending += 1;
        if repeats.iter().all(|r| r.iter().all(|c| c.is_empty())) {
            return self;
        }
        self.flush();
        for (i, components) in repeats.iter().enumerate() {
            if i > 0 {
                self.out.push(self.delimiters.repeat);
            }
            for (j, component) in components.iter().enumerate() {
                if j > 0 {
                    self.out.push(self.delimiters.component);
                }
                escape(component, self.delimiters, &mut self.out);
            }
        }
        self
    }

    /// Leaves fields empty.
    pub fn skip(&mut self, fields: usize) -> &mut Self {
        self.pending += fields;
        self
    }

    /// The message as bytes (UTF-8).
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.end_record();
        self.out
    }

    fn flush(&mut self) {
        for _ in 0..std::mem::take(&mut self.pending) {
            self.out.push(self.delimiters.field);
        }
    }

    fn end_record(&mut self) {
        self.pending = 0;
        if std::mem::take(&mut self.in_record) {
            self.out.push(b'\r');
        }
    }
}

/// Appends `text` with delimiters escaped by name and control characters by hexadecimal code (LIS01-A2 forbids them in a frame).
pub fn escape(text: &str, d: Delimiters, out: &mut Vec<u8>) {
    for &b in text.as_bytes() {
        let name = match b {
            _ if b == d.field => Some(b'F'),
            _ if b == d.component => Some(b'S'),
            _ if b == d.repeat => Some(b'R'),
            _ if b == d.escape => Some(b'E'),
            _ => None,
        };
        match name {
            Some(name) => out.extend([d.escape, name, d.escape]),
            None if b < 0x20 || b == 0x7F => {
                out.extend([d.escape, b'X']);
                out.extend(format!("{b:02X}").bytes());
                out.push(d.escape);
            }
            None => out.push(b),
        }
    }
}
