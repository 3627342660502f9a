use std::fmt;

use ddb_core::{Error, Result};
use unicode_normalization::{UnicodeNormalization, is_nfkc};
use zeroize::Zeroizing;

const MIN_CHARACTERS: usize = 8;
const MAX_BYTES: usize = 1024;

/// A password as it is hashed: normalised to NFKC (NIST SP 800-63B, 5.1.1.2), so that it is the same from every keyboard. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct Password(Zeroizing<String>);

impl Password {
    /// One that an account is to have. `field` names it in errors.
    pub(crate) fn choose(text: Zeroizing<String>, field: &str) -> Result<Self> {
        let password = Self::enter(text, field)?;
        if password.0.chars().count() < MIN_CHARACTERS {
            return Err(Error::invalid(field, "TOO_SHORT", format!("a password has at least {MIN_CHARACTERS} characters")));
        }
        Ok(password)
    }

    /// One that an account may have: too short is simply wrong, but too long is refused before it costs anything.
    pub(crate) fn enter(text: Zeroizing<String>, field: &str) -> Result<Self> {
        let too_long = || Error::invalid(field, "TOO_LONG", format!("a password has at most {MAX_BYTES} bytes"));
        if text.len() > MAX_BYTES {
            return Err(too_long());
        }
        if text.contains('\0') {
            return Err(Error::invalid(field, "CHARACTER", "a password cannot hold NUL"));
        }
        if is_nfkc(&text) {
            return Ok(Self(text));
        }
        // Room for all of it, so that no half-written copy is left behind by growing. One character becomes 18 at most (U+FDFA: 33 bytes of 3).
        let mut normalised = Zeroizing::new(String::with_capacity(text.len() * 11 + 64));
        normalised.extend(text.nfkc());
        if normalised.len() > MAX_BYTES {
            return Err(too_long());
        }
        Ok(Self(normalised))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(text: &str) -> Result<Password, &'static str> {
        Password::choose(Zeroizing::new(text.to_owned()), "password").map_err(|error| error.details()[0].code)
    }

    #[test]
    fn length_is_bounded() {
        assert_eq!(choose("1234567").err(), Some("TOO_SHORT"));
        assert!(choose("12345678").is_ok());
        assert!(choose("пароль12").is_ok());
        assert_eq!(choose("üüüü").err(), Some("TOO_SHORT"));
        assert!(choose(&"a".repeat(1024)).is_ok());
        assert_eq!(choose(&"a".repeat(1025)).err(), Some("TOO_LONG"));
        assert_eq!(choose(&"\u{fdfa}".repeat(300)).err(), Some("TOO_LONG"));
        assert_eq!(choose("1234\x005678").err(), Some("CHARACTER"));
        assert!(Password::enter(Zeroizing::new("short".to_owned()), "password").is_ok());
    }

    #[test]
    fn one_password_from_every_keyboard() {
        let composed = choose("pässwörd").expect("no error");
        let decomposed = choose("pa\u{308}sswo\u{308}rd").expect("no error");
        let wide = choose("ｐässwörd").expect("no error");
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
        assert_eq!(composed.as_bytes(), wide.as_bytes());
        assert_ne!(composed.as_bytes(), choose("Pässwörd").expect("no error").as_bytes());
    }

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", choose("geheim-geheim").expect("no error")), "Password(…)");
    }
}
