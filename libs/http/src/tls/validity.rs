use chrono::{DateTime, NaiveDateTime, Utc};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When an X.509 certificate ends (RFC 5280, section 4.1.2.5). None where the bytes are none.
pub(super) fn not_after(certificate: &[u8]) -> Option<DateTime<Utc>> {
    let mut to_be_signed = Der(Der(Der(certificate).content(SEQUENCE)?).content(SEQUENCE)?);
    // The version may be left out; then the serial number comes first.
    if to_be_signed.next()?.0 == VERSION {
        to_be_signed.next()?;
    }
    // The serial number is passed; the algorithm and the issuer stand before the validity.
    to_be_signed.next()?;
    to_be_signed.next()?;
    let mut validity = Der(to_be_signed.content(SEQUENCE)?);
    validity.next()?;
    let (tag, text) = validity.next()?;
    let text = std::str::from_utf8(text).ok()?;
    let text = match tag {
        GENERALIZED_TIME => text.to_owned(),
        // Two digits of a year are of 1950 to 2049.
        UTC_TIME => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        _ => return None,
    };
    Some(NaiveDateTime::parse_from_str(&text, "%Y%m%d%H%M%SZ").ok()?.and_utc())
}

/// What is left of a series of DER elements.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: its tag and its content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next element, which must have the tag.
    fn content(&mut self, expected: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == expected).map(|(_, content)| content)
    }
}

#[cfg(test)]
mod tests {
    use super::not_after;

    /// A certificate as far as its validity.
    fn certificate(version: bool, end: &[u8]) -> Vec<u8> {
        let element = |tag: u8, content: &[u8]| {
            // The long form of a length, as certificates have it.
            [&[tag, 0x82, (content.len() >> 8) as u8, content.len() as u8][..], content].concat()
        };
        let version = if version { element(0xa0, &[2, 1, 2]) } else { Vec::new() };
        let validity = element(0x30, &[&[0x17, 13][..], b"260101000000Z", end].concat());
        let body = [version, vec![2, 1, 7], element(0x30, &[5, 0]), element(0x30, b"issuer"), validity].concat();
        element(0x30, &element(0x30, &body))
    }

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_forms() {
        for (end, expected) in [
            (&b"\x17\x0d270203040506Z"[..], "2027-02-03T04:05:06+00:00"),
            (b"\x17\x0d491231235959Z", "2049-12-31T23:59:59+00:00"),
            (b"\x17\x0d500101000000Z", "1950-01-01T00:00:00+00:00"),
            (b"\x18\x0f20500101000000Z", "2050-01-01T00:00:00+00:00"),
            (b"\x18\x0f99991231235959Z", "9999-12-31T23:59:59+00:00"),
        ] {
            for version in [true, false] {
                let found = not_after(&certificate(version, end)).map(|end| end.to_rfc3339());
                assert_eq!(found.as_deref(), Some(expected), "{version}");
            }
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        let whole = certificate(true, b"\x17\x0d270203040506Z");
        for length in 0..whole.len() {
            assert_eq!(not_after(&whole[..length]), None, "{length}");
        }
        for end in [&b"\x17\x0d271303040506Z"[..], b"\x04\x0d270203040506Z", b"\x17\x01\xff", b"\x17\x88\x01\x01"] {
            assert_eq!(not_after(&certificate(true, end)), None, "{end:?}");
        }
    }
}
