//! Rows in the form of PostgreSQL's `COPY … (format binary)`.

/// Signature, no flags, no extension.
pub(crate) const START: &[u8; 19] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: i16 = -1;
/// The version of jsonb's binary form.
const JSONB: u8 = 1;

/// A stream that is being written.
pub(crate) struct BinaryCopy {
    bytes: Vec<u8>,
}

impl BinaryCopy {
    pub(crate) fn new() -> Self {
        Self { bytes: START.to_vec() }
    }

    /// Begins a row; as many fields have to follow.
    pub(crate) fn row(&mut self, fields: usize) {
        self.bytes.extend((fields as i16).to_be_bytes());
    }

    pub(crate) fn bytea(&mut self, value: Option<&[u8]>) {
        match value {
            Some(value) => {
                self.length(value.len());
                self.bytes.extend_from_slice(value);
            }
            None => self.null(),
        }
    }

    pub(crate) fn bigint(&mut self, value: Option<i64>) {
        match value {
            Some(value) => {
                self.length(size_of::<i64>());
                self.bytes.extend(value.to_be_bytes());
            }
            None => self.null(),
        }
    }

    pub(crate) fn jsonb(&mut self, text: &str) {
        self.length(1 + text.len());
        self.bytes.push(JSONB);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend(END.to_be_bytes());
        self.bytes
    }

    fn length(&mut self, length: usize) {
        self.bytes.extend((length as i32).to_be_bytes());
    }

    fn null(&mut self) {
        self.bytes.extend((-1_i32).to_be_bytes());
    }
}
