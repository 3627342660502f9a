use std::borrow::Cow;

/// Decodes `%41` once. None where an escape is cut short or not hexadecimal, or the bytes are not UTF-8.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = (bytes.next()? as char).to_digit(16)?;
            let low = (bytes.next()? as char).to_digit(16)?;
            decoded.push((high * 16 + low) as u8);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn escapes_are_decoded_once() {
        assert_eq!(decode("a").as_deref(), Some("a"));
        assert_eq!(decode("a%2Fb%c3%a9").as_deref(), Some("a/bé"));
        assert_eq!(decode("%2541").as_deref(), Some("%41"));
    }

    #[test]
    fn broken_escapes_and_other_bytes_than_utf8_are_refused() {
        for text in ["%", "%4", "%zz", "%+1", "%ff", "%c3"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
