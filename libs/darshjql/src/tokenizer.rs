//! Text to tokens: brackets are counted here, so that the grammar never sees more levels than it has stack for.
mod number;
mod quoted;

use std::borrow::Cow;

use ddb_core::{Datetime, Uuid};

use crate::Span;
use crate::operator_word::{is_connective, is_operator};
use crate::parse_record_id;
use crate::syntax_error::Problem;
use crate::token::{SIGNS, SYMBOLS, Sign, Token, TokenKind};

const MAX_TEXT_BYTES: usize = 1 << 20;
/// A token takes 64 bytes, whatever little text it came from.
const MAX_TOKENS: usize = 500_000;
/// Levels of brackets.
const MAX_BRACKETS: usize = 64;

/// The tokens of a text; the last one is [`TokenKind::End`].
pub(crate) fn tokenize(text: &str) -> Result<Vec<Token<'_>>, Problem> {
    let start = Span { start: 0, end: 0, line: 1, column: 1 };
    if text.len() > MAX_TEXT_BYTES {
        return Err(Problem::limit(start, format!("the text has {} bytes, {MAX_TEXT_BYTES} are allowed", text.len())));
    }
    let mut tokenizer = Tokenizer { text, offset: 0, line: 1, column: 1, tokens: Vec::new(), open: 0, after_operand: false };
    loop {
        tokenizer.skip_blanks()?;
        let from = tokenizer.place();
        let kind = tokenizer.token()?;
        let is_end = kind == TokenKind::End;
        tokenizer.push(kind, from)?;
        if is_end {
            return Ok(tokenizer.tokens);
        }
    }
}

struct Tokenizer<'a> {
    text: &'a str,
    /// In bytes.
    offset: usize,
    line: u32,
    column: u32,
    tokens: Vec<Token<'a>>,
    /// Brackets that were opened and not closed.
    open: usize,
    /// Whether the last token could be divided.
    after_operand: bool,
}

impl<'a> Tokenizer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    /// An empty span where the tokenizer is. Offsets fit: a text has at most 1 MB.
    fn place(&self) -> Span {
        let offset = self.offset as u32;
        Span { start: offset, end: offset, line: self.line, column: self.column }
    }

    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, _) = self.rest().split_at(bytes);
        self.offset += bytes;
        for character in taken.chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        taken
    }

    fn push(&mut self, kind: TokenKind<'a>, from: Span) -> Result<(), Problem> {
        match kind {
            TokenKind::Symbol("(" | "[" | "{") => self.open += 1,
            TokenKind::Symbol(")" | "]" | "}") => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        if self.open > MAX_BRACKETS {
            return Err(Problem::limit(from, format!("more than {MAX_BRACKETS} levels of brackets")));
        }
        if self.tokens.len() == MAX_TOKENS {
            return Err(Problem::limit(from, format!("more than {MAX_TOKENS} words, values and signs")));
        }
        self.after_operand = self.ends_operand(&kind);
        self.tokens.push(Token { kind, span: from.to(self.place()) });
        Ok(())
    }

    /// White space and comments: `-- …`, `// …`, `# …` to the end of the line, `/* … */`.
    fn skip_blanks(&mut self) -> Result<(), Problem> {
        loop {
            let rest = self.rest();
            let length = if rest.starts_with(char::is_whitespace) {
                rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len())
            } else if rest.starts_with("--") || rest.starts_with("//") || rest.starts_with('#') {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some(comment) = rest.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => end + 4,
                    None => return Err(Problem::invalid(self.place(), "the comment that begins here has no `*/`")),
                }
            } else {
                return Ok(());
            };
            self.advance(length);
        }
    }

    fn token(&mut self) -> Result<TokenKind<'a>, Problem> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(TokenKind::End) };
        match first {
            '0'..='9' => self.number(),
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            '\'' | '"' => self.string().map(TokenKind::Text),
            '`' => self.quoted_name('`', '`').map(TokenKind::QuotedName),
            '⟨' => self.quoted_name('⟨', '⟩').map(TokenKind::QuotedName),
            '$' => self.parameter(),
            '/' if !self.after_operand => self.regex(),
            _ => self.symbol(first),
        }
    }

    /// A name, a keyword, or a string with a prefix: `d'…'`.
    fn word(&mut self) -> Result<TokenKind<'a>, Problem> {
        let from = self.place();
        let word = self.advance(word_length(self.rest()));
        if !self.rest().starts_with(['\'', '"']) {
            return Ok(TokenKind::Word(word));
        }
        let refused = |error: ddb_core::Error| Problem::invalid(from, error.message());
        match word {
            "s" => self.string().map(TokenKind::Text),
            "d" => Datetime::parse(&self.string()?).map(TokenKind::Datetime).map_err(refused),
            "u" => {
                let text = self.string()?;
                Uuid::try_parse(&text)
                    .map(TokenKind::Uuid)
                    .map_err(|_| Problem::invalid(from, "a uuid has the form `u'018f8b8c-ffff-7000-8000-000000000000'`"))
            }
            "b" => {
                let text = self.string()?;
                quoted::bytes(&text)
                    .map(TokenKind::Bytes)
                    .ok_or_else(|| Problem::invalid(from, "bytes are an even number of hexadecimal digits: `b'48656C6C6F'`"))
            }
            "r" => parse_record_id(&self.string()?).map(TokenKind::Record).map_err(refused),
            _ => Ok(TokenKind::Word(word)),
        }
    }

    /// `$name`, `` $`name` ``; a `$` alone is a symbol.
    fn parameter(&mut self) -> Result<TokenKind<'a>, Problem> {
        self.advance(1);
        let rest = self.rest();
        match rest.chars().next() {
            Some('a'..='z' | 'A'..='Z' | '_') => Ok(TokenKind::Parameter(Cow::Borrowed(self.advance(word_length(rest))))),
            Some('`') => self.quoted_name('`', '`').map(TokenKind::Parameter),
            Some('⟨') => self.quoted_name('⟨', '⟩').map(TokenKind::Parameter),
            _ => Ok(TokenKind::Symbol("$")),
        }
    }

    fn symbol(&mut self, first: char) -> Result<TokenKind<'a>, Problem> {
        if let Some((_, sign)) = SIGNS.iter().find(|(sign, _)| *sign == first) {
            self.advance(first.len_utf8());
            return Ok(match sign {
                Sign::Symbol(symbol) => TokenKind::Symbol(symbol),
                Sign::Word(word) => TokenKind::Word(word),
            });
        }
        let rest = self.rest();
        let Some(mut symbol) = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol)) else {
            let hint = match first {
                c if c.is_alphabetic() => "; a name with other letters than a-z stands in backticks",
                '’' | '‘' | '“' | '”' => "; strings stand in straight quotes",
                '&' => "; write `AND`, or `&&` (in an address `%26%26`)",
                '^' => "; `**` is the power",
                '≠' => "; write `!=`",
                '≤' => "; write `<=`",
                '≥' => "; write `>=`",
                '¬' => "; `!` negates",
                _ => "",
            };
            let shown = if first.is_control() { '\u{fffd}' } else { first };
            return Err(Problem::invalid(self.place(), format!("`{shown}` does not belong here{hint}")));
        };
        // No graph path goes to a number, so `a<-1` compares.
        if symbol == "<-" && rest[2..].starts_with(|c: char| c.is_ascii_digit()) {
            symbol = "<";
        }
        self.advance(symbol.len());
        Ok(TokenKind::Symbol(symbol))
    }

    /// Whether behind `kind`, which is next, stands something that could be divided, so that a `/` is the operator and no regex.
    fn ends_operand(&self, kind: &TokenKind<'a>) -> bool {
        let before = self.tokens.last();
        let is_before = |symbol: &str| before.is_some_and(|token| token.is_symbol(symbol));
        match kind {
            // The steps `.*` and `.?`, not the product.
            TokenKind::Symbol("*" | "?") => is_before("."),
            TokenKind::Symbol(symbol) => matches!(*symbol, ")" | "]" | "}" | "..."),
            TokenKind::Word(word) if is_connective(word) => false,
            TokenKind::Word(word) if word.eq_ignore_ascii_case("WHERE") => !is_before("["),
            // Behind an operand it is an operator, elsewhere the name of a field: `in / 2`.
            TokenKind::Word(word) if is_operator(word) => {
                let is_second = before.is_some_and(|token| token.is_word("NOT") || token.is_word("IS"));
                !self.after_operand && !is_second
            }
            _ => true,
        }
    }
}

fn word_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}
