//! What stands between quotes.
use std::borrow::Cow;

use super::Tokenizer;
use crate::Span;
use crate::syntax_error::Problem;
use crate::token::TokenKind;

impl<'a> Tokenizer<'a> {
    /// `'…'` or `"…"` with escapes.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, Problem> {
        let from = self.place();
        let quote = self.advance(1);
        self.until(quote, from, "string", |tokenizer, out| tokenizer.escape(out))
    }

    /// A name; the closing sign and `\` can be escaped.
    pub(super) fn quoted_name(&mut self, opening: char, closing: char) -> Result<Cow<'a, str>, Problem> {
        let from = self.place();
        self.advance(opening.len_utf8());
        let mut buffer = [0; 4];
        let closing: &str = closing.encode_utf8(&mut buffer);
        let name = self.until(closing, from, "name", |tokenizer, out| {
            let place = tokenizer.place();
            match tokenizer.rest().chars().next() {
                Some(escaped) if escaped == '\\' || closing.starts_with(escaped) => {
                    tokenizer.advance(escaped.len_utf8());
                    out.push(escaped);
                    Ok(())
                }
                _ => Err(Problem::invalid(place, format!("in a name only `\\` and `{closing}` are escaped with `\\`"))),
            }
        })?;
        if name.is_empty() {
            return Err(Problem::invalid(from, "a name cannot be empty"));
        }
        Ok(name)
    }

    /// `/…/`; a slash inside is written `\/`. The rest is the regex as it stands.
    pub(super) fn regex(&mut self) -> Result<TokenKind<'a>, Problem> {
        let from = self.place();
        self.advance(1);
        let regex = self.until("/", from, "regex", |tokenizer, out| {
            if !tokenizer.rest().starts_with('/') {
                out.push('\\');
            }
            if let Some(escaped) = tokenizer.rest().chars().next() {
                tokenizer.advance(escaped.len_utf8());
                out.push(escaped);
            }
            Ok(())
        })?;
        Ok(TokenKind::Regex(regex))
    }

    /// Everything up to `closing`, which is taken too; `escape` reads what follows a `\`.
    fn until(
        &mut self,
        closing: &str,
        from: Span,
        what: &str,
        escape: impl Fn(&mut Self, &mut String) -> Result<(), Problem>,
    ) -> Result<Cow<'a, str>, Problem> {
        let is_special = |c: char| c == '\\' || closing.starts_with(c);
        let mut escaped: Option<String> = None;
        loop {
            let Some(length) = self.rest().find(is_special) else {
                return Err(Problem::invalid(from, format!("the {what} that begins here has no closing `{closing}`")));
            };
            let plain = self.advance(length);
            if self.rest().starts_with(closing) {
                self.advance(closing.len());
                return Ok(match escaped {
                    None => Cow::Borrowed(plain),
                    Some(text) => Cow::Owned(text + plain),
                });
            }
            let text = escaped.get_or_insert_default();
            text.push_str(plain);
            self.advance(1);
            escape(self, text)?;
        }
    }

    fn escape(&mut self, out: &mut String) -> Result<(), Problem> {
        let place = self.place();
        let refused = || Problem::invalid(place, r#"unknown escape: strings know \' \" \` \\ \/ \n \r \t \b \f \0 and \u{…}"#);
        let escaped = self.rest().chars().next().ok_or_else(refused)?;
        self.advance(escaped.len_utf8());
        out.push(match escaped {
            '\'' | '"' | '`' | '\\' | '/' => escaped,
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            '0' => '\0',
            'u' => self
                .unicode()
                .ok_or_else(|| Problem::invalid(place, r"`\u` is followed by a character's number: `\u{e9}` or `\u00e9`"))?,
            _ => return Err(refused()),
        });
        Ok(())
    }

    /// `{e9}`, `00e9`, or two of the latter that make one character.
    fn unicode(&mut self) -> Option<char> {
        if self.rest().starts_with('{') {
            let length = self.rest().find('}')?;
            let digits = self.advance(length + 1);
            return char::from_u32(hexadecimal(&digits[1..length], 1..=6)?);
        }
        let first = self.four_digits()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.rest().starts_with("\\u") {
            return None;
        }
        self.advance(2);
        let second = self.four_digits().filter(|second| (0xDC00..0xE000).contains(second))?;
        char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = hexadecimal(self.rest().get(..4)?, 4..=4)?;
        self.advance(4);
        Some(digits)
    }
}

fn hexadecimal(digits: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let valid = length.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if valid { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// Pairs of hexadecimal digits.
pub(super) fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    digits
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| hexadecimal(pair, 2..=2)).map(|byte| byte as u8))
        .collect()
}
