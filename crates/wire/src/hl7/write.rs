//! The strict sender: segments ended by CR, every special character escaped.

use super::Separators;

/// Writes one message segment by segment. Trailing empty fields are left out.
#[derive(Debug, Clone)]
pub struct Writer {
    out: Vec<u8>,
    separators: Separators,
    in_segment: bool,
    pending: usize,
}

impl Writer {
    /// A writer with given separators (an answer mirrors those of the message it answers).
    #[must_use]
    pub fn new(separators: Separators) -> Self {
        Self {
            out: Vec::new(),
            separators,
            in_segment: false,
            pending: 0,
        }
    }

    /// Begins a segment; its next field is the first. `MSH` comes with MSH-1 and MSH-2 in place; its next field is MSH-3.
    pub fn segment(&mut self, name: &str) -> &mut Self {
        self.end_segment();
        self.in_segment = true;
        self.out.extend(name.bytes());
        if name == "MSH" {
            let s = self.separators;
            self.out
                .extend([s.field, s.component, s.repeat, s.escape, s.subcomponent]);
        }
        self
    }

    /// Adds a field with one text.
    pub fn field(&mut self, text: &str) -> &mut Self {
        self.components(&[text])
    }

    /// Adds a field of components.
    pub fn components(&mut self, components: &[&str]) -> &mut Self {
        let separator = self.separators.component;
        self.begin_field(components.iter().all(|c| c.is_empty()), |w| {
            for (i, component) in components.iter().enumerate() {
                if i > 0 {
                    w.out.push(separator);
                }
                w.escape(component);
            }
        })
    }

    /// Adds a field whose bytes are already escaped for these separators (echoes).
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        let clean: Vec<u8> = bytes
            .iter()
            .copied()
            .filter(|b| !matches!(b, b'\r' | b'\n' | 0x0B | 0x1C))
            .collect();
        self.begin_field(clean.is_empty(), |w| w.out.extend_from_slice(&clean))
    }

    /// Leaves fields empty.
    pub fn skip(&mut self, fields: usize) -> &mut Self {
        self.pending += fields;
        self
    }

    /// The message as bytes (UTF-8).
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.end_segment();
        self.out
    }

    fn begin_field(&mut self, empty: bool, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.pending += 1;
        if !empty {
            for _ in 0..std::mem::take(&mut self.pending) {
                self.out.push(self.separators.field);
            }
            write(self);
        }
        self
    }

    fn end_segment(&mut self) {
        self.pending = 0;
        if std::mem::take(&mut self.in_segment) {
            self.out.push(b'\r');
        }
    }

    fn escape(&mut self, text: &str) {
        let s = self.separators;
        for &b in text.as_bytes() {
            let name: &[u8] = match b {
                _ if b == s.field => b"F",
                _ if b == s.component => b"S",
                _ if b == s.subcomponent => b"T",
                _ if b == s.repeat => b"R",
                _ if b == s.escape => b"E",
                b'\n' => b".br",
                b'\r' | 0x0B | 0x1C => b"X20",
                _ => {
                    self.out.push(b);
                    continue;
                }
            };
            self.out.push(s.escape);
            self.out.extend_from_slice(name);
            self.out.push(s.escape);
        }
    }
}
