use std::borrow::Cow;
use std::fmt;

use ddb_core::{Error, Result};
use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// RFC 5321, 4.5.3.1.
const MAX_LOCAL_BYTES: usize = 64;
const MAX_BYTES: usize = 254;
/// Longer input is not even looked at: normalising can make text longer.
const MAX_INPUT_BYTES: usize = 1024;

/// An e-mail address in its canonical form: the one by which an account is known. See "Addresses" in the crate's documentation.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Email(String);

impl Email {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        canonical(text).map(Self).ok_or_else(|| Error::invalid("email", "EMAIL", "this is not an e-mail address"))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address is personal: it stands in no log, not even by accident.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

fn canonical(text: &str) -> Option<String> {
    if text.len() > MAX_INPUT_BYTES {
        return None;
    }
    let text = fold(text.trim())?;
    // After folding, because `＠` is an at sign too.
    let (local, domain) = text.split_once('@')?;
    let domain = canonical_domain(domain)?;
    let address = format!("{local}@{domain}");
    (is_local_part(local) && address.len() <= MAX_BYTES).then_some(address)
}

/// Compatibility forms (full width, ligatures, composed or not) and case folded into one. Folding one may bring out the other, so it is repeated
/// until nothing changes; None where that does not happen soon, which no real address does.
fn fold(text: &str) -> Option<String> {
    let mut folded: Cow<'_, str> = Cow::Borrowed(text);
    for _ in 0..4 {
        let next: String = folded.nfkc().collect::<String>().to_lowercase();
        if next == *folded {
            return Some(next);
        }
        folded = Cow::Owned(next);
    }
    None
}

/// The dot-atom of RFC 5322, with the letters, digits and marks of other scripts (RFC 6531). Quoted local parts are refused: no real mailbox needs one.
fn is_local_part(local: &str) -> bool {
    let atoms = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_character));
    atoms && local.len() <= MAX_LOCAL_BYTES
}

fn is_atom_character(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    }
    c.is_alphanumeric() || is_combining_mark(c) && !is_invisible(c)
}

/// Marks that leave no mark: with them two addresses would look the same.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// The domain as DNS has it: lower case, other scripts as `xn--` (UTS 46, non-transitional), without the root's dot.
fn canonical_domain(domain: &str) -> Option<String> {
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::VerifyAllowRootDot)
        .ok()?;
    let domain = ascii.strip_suffix('.').unwrap_or(&ascii);
    // An address of a machine instead of a name: mail to it would go wherever the number points.
    let last = domain.rsplit('.').next()?;
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    (!is_number).then(|| domain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(canonical(text).as_deref(), Some(*expected), "{text:?}");
        }
    }

    #[test]
    fn spellings_of_one_mailbox_are_one_identity() {
        check(&[
            ("a@x", "a@x"),
            ("A@x", "a@x"),
            ("a@X", "a@x"),
            ("ａ@x", "a@x"),
            ("Ａ＠Ｘ", "a@x"),
            ("a@x.", "a@x"),
            ("  a@x\n", "a@x"),
            ("a@ｘ。com", "a@x.com"),
            ("Dev@Example.COM", "dev@example.com"),
            ("\u{212a}@x", "k@x"),
            ("ſ@x", "s@x"),
            ("ﬁ@x", "fi@x"),
            // Composed and decomposed.
            ("é@x", "é@x"),
            ("e\u{301}@x", "é@x"),
            ("É@x", "é@x"),
            ("user@münchen.de", "user@xn--mnchen-3ya.de"),
            ("user@MÜNCHEN.de", "user@xn--mnchen-3ya.de"),
            ("user@xn--mnchen-3ya.de", "user@xn--mnchen-3ya.de"),
            ("user@straße.de", "user@xn--strae-oqa.de"),
        ]);
    }

    #[test]
    fn different_mailboxes_stay_different() {
        check(&[
            ("a+tag@x", "a+tag@x"),
            ("a.b@x", "a.b@x"),
            ("ab@x", "ab@x"),
            // Cyrillic а is another letter.
            ("а@x", "а@x"),
            ("o'brien@x.ie", "o'brien@x.ie"),
            ("!#$%&'*+-/=?^_`{|}~@x", "!#$%&'*+-/=?^_`{|}~@x"),
            ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
            ("अजय@x", "अजय@x"),
            ("admin@localhost", "admin@localhost"),
            ("a@1.example", "a@1.example"),
            ("a@r3---sn.example", "a@r3---sn.example"),
        ]);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long_local = format!("{}@x", "a".repeat(65));
        let long_label = format!("a@{}.com", "a".repeat(64));
        let long = format!("{}@{}", "a".repeat(64), "a.".repeat(100));
        let endless = "a".repeat(1_000_000);
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@x",
            "a@@x",
            "a@b@c",
            "a b@x",
            "a\0@x",
            "a@x\0",
            "a@x\u{0}.com",
            "a\r\nBcc: v@y@x",
            "a@x y",
            ".a@x",
            "a.@x",
            "a..b@x",
            "\"a b\"@x",
            "\"a\"@x",
            "a(comment)@x",
            "a,b@x",
            "<a@x>",
            "Name <a@x>",
            "mailto:a@x",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@0x7f000001",
            "a@2130706433",
            "a@x..com",
            "a@.com",
            "a@x..",
            "a@-x.com",
            "a@x-.com",
            "a@x_y.com",
            "a@x/y",
            "a@x:25",
            "a@xn--",
            "a\u{200b}@x",
            "a\u{200d}@x",
            "a\u{202e}@x",
            "a\u{feff}@x",
            "a\u{ad}@x",
            "a\u{fe0f}@x",
            "a\u{34f}@x",
            "🙂@x",
            "a@x\u{fffd}",
            &long_local,
            &long_label,
            &long,
            &endless,
        ] {
            assert_eq!(canonical(text), None, "{:?}", text.chars().take(40).collect::<String>());
        }
    }

    proptest! {
        /// Mutant: `fold` does not repeat.
        #[test]
        fn the_canonical_form_is_its_own(text in "\\PC{1,12}@\\PC{1,12}") {
            if let Some(address) = canonical(&text) {
                prop_assert_eq!(canonical(&address), Some(address));
            }
        }

        #[test]
        fn case_makes_no_difference(local in "[a-zA-Z0-9éÉöÖжЖ]{1,10}", domain in "[a-zA-Z0-9]{1,10}\\.[a-zA-Z]{2,5}") {
            let text = format!("{local}@{domain}");
            let address = canonical(&text);
            prop_assert!(address.is_some() || domain.starts_with("0x"));
            prop_assert_eq!(canonical(&text.to_uppercase()), address.clone());
            prop_assert_eq!(canonical(&text.to_lowercase()), address);
        }

        #[test]
        fn no_input_panics(text in "\\PC{0,64}|[\\x00-\\x7f]{0,64}") {
            let _ = canonical(&text);
        }
    }
}
