use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ddb_database::MasterKey;
use uuid::Uuid;

const PREFIX: &str = "ddbr_";
const MAX_BYTES: usize = 128;

/// What a refresh token stands for: the `counter`-th of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RefreshToken {
    pub(crate) session: Uuid,
    pub(crate) counter: i64,
}

/// Writes and reads refresh tokens: `ddbr_<session>_<counter>_<mac>`. The same one is written the same way each time, so that nothing about them has
/// to be stored but the counter.
#[derive(Clone)]
pub(crate) struct RefreshTokens {
    key: hmac::Key,
}

impl RefreshTokens {
    pub(crate) fn new(master_key: &MasterKey) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &master_key.derive("refresh")) }
    }

    pub(crate) fn write(&self, token: RefreshToken) -> String {
        let mac = hmac::sign(&self.key, &message(token));
        format!("{PREFIX}{}_{}_{}", token.session.as_simple(), token.counter, URL_SAFE_NO_PAD.encode(mac.as_ref()))
    }

    /// None for anything that [`Self::write`] has not written, to the letter. Costs no look-up.
    pub(crate) fn read(&self, text: &str) -> Option<RefreshToken> {
        if text.len() > MAX_BYTES {
            return None;
        }
        let mut parts = text.strip_prefix(PREFIX)?.splitn(3, '_');
        let session = Uuid::try_parse(parts.next()?).ok()?;
        let counter: i64 = parts.next()?.parse().ok()?;
        let mac = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
        let token = RefreshToken { session, counter };
        // Compared in constant time.
        hmac::verify(&self.key, &message(token), &mac).ok()?;
        // One spelling only: neither `+5`, `05` nor a session with dashes.
        (self.write(token) == text).then_some(token)
    }
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshTokens(…)")
    }
}

fn message(token: RefreshToken) -> [u8; 24] {
    let mut message = [0; 24];
    message[..16].copy_from_slice(token.session.as_bytes());
    message[16..].copy_from_slice(&token.counter.to_be_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens() -> RefreshTokens {
        RefreshTokens::new(&MasterKey::new([7; 32]))
    }

    #[test]
    fn the_form_is_frozen() {
        let token = RefreshToken { session: Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef), counter: 3 };
        let text = tokens().write(token);
        assert_eq!(text, "ddbr_0123456789abcdef0123456789abcdef_3_rfEs3QSdr60-GT_6acNC7fnrls_FhLORmNl3B1O4mSY");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(session in any::<u128>(), counter in any::<i64>()) {
            let token = RefreshToken { session: Uuid::from_u128(session), counter };
            prop_assert_eq!(tokens().read(&tokens().write(token)), Some(token));
        }

        /// Mutant: `read` verifies neither the MAC nor the spelling (either alone suffices here; the first takes constant time).
        #[test]
        fn no_changed_byte_is_accepted(position in 0_usize..80, byte in any::<u8>()) {
            let text = tokens().write(RefreshToken { session: Uuid::from_u128(1), counter: 2 });
            let mut bytes = text.clone().into_bytes();
            let position = position % bytes.len();
            bytes[position] = byte;
            if let Ok(changed) = String::from_utf8(bytes)
                && changed != text
            {
                prop_assert_eq!(tokens().read(&changed), None);
            }
        }

        #[test]
        fn no_input_panics(text in "(ddbr_)?[0-9a-f_+-]{0,80}|\\PC{0,80}") {
            prop_assert_eq!(tokens().read(&text), None);
        }
    }

    #[test]
    fn only_one_spelling_and_one_key() {
        let token = RefreshToken { session: Uuid::from_u128(1), counter: 5 };
        let text = tokens().write(token);
        let dashed = text.replace(&token.session.as_simple().to_string(), &token.session.to_string());
        for other in [dashed, text.replace("_5_", "_05_"), text.replace("_5_", "_+5_"), format!("{text}="), text.to_uppercase()] {
            assert_eq!(tokens().read(&other), None, "{other}");
        }
        assert_eq!(RefreshTokens::new(&MasterKey::new([8; 32])).read(&text), None);
    }
}
