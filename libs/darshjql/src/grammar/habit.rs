//! Habits of other languages: an error says what to write here instead.

use ddb_core::suggestion;

use crate::operator_word;
use crate::syntax_error::Problem;
use crate::token::{Token, TokenKind, shown};

/// Characters of a list that an error writes out.
const MAX_LIST: usize = 60;

/// Words of other languages, and what an error says of them. `…` stands for what is left of the word.
const WORDS: [(&[&str], &str); 17] = [
    (
        &["LIKE", "ILIKE"],
        "write `… ~ 'bob'` (these letters in this order, small or large), `… CONTAINS 'bob'`, `string::starts_with(…, 'bob')` or a regex, `… = /^bob/`",
    ),
    (&["REGEXP", "RLIKE", "REGEX", "MATCHES", "MATCH", "SIMILAR", "GLOB"], "write a regex behind `=`: `… = /^bob/`"),
    (&["BETWEEN"], "write `… IN 1..=5`, or `… >= 1 AND … <= 5`"),
    (&["ISNULL"], "write `… = NONE` for a field that is not there, `… = NULL` for a stored null"),
    (&["NOTNULL", "EXISTS"], "write `… != NONE`"),
    (
        &["LIMIT", "TOP", "TAKE", "FETCH"],
        "a filter is a condition alone; how many records a page has is the parameter `limit=20`",
    ),
    (&["ORDER", "SORT", "ASC", "DESC"], "a filter is a condition alone; the order is the parameter `order=-priority,title`"),
    (
        &["OFFSET", "SKIP", "START"],
        "a filter is a condition alone; the next page is the parameter `cursor=`, with the `next_cursor` of this one",
    ),
    (
        &["GROUP", "HAVING", "FROM", "JOIN", "WHERE", "SELECT", "SPLIT"],
        "a filter is a condition alone, such as `status = 'active' AND priority > 2`",
    ),
    (&["EQ", "EQUALS", "EQUAL"], "write `=`"),
    (&["NE", "NEQ"], "write `!=`"),
    (&["GT"], "write `>`"),
    (&["GTE", "GE"], "write `>=`"),
    (&["LT"], "write `<`"),
    (&["LTE", "LE"], "write `<=`"),
    (&["HAS", "INCLUDES", "INCLUDE", "CONTAIN"], "write `CONTAINS`"),
    (&["STARTSWITH", "STARTS", "ENDSWITH", "ENDS"], "write `string::starts_with(…, 'bob')` or `string::ends_with(…, 'bob')`"),
];

/// The operators that a misspelt word may have been.
const OPERATORS: [&str; 16] = [
    "AND",
    "OR",
    "IN",
    "NOT IN",
    "IS",
    "INSIDE",
    "NOTINSIDE",
    "ALLINSIDE",
    "ANYINSIDE",
    "NONEINSIDE",
    "CONTAINS",
    "CONTAINSNOT",
    "CONTAINSALL",
    "CONTAINSANY",
    "CONTAINSNONE",
    "INTERSECTS",
];

/// What was probably meant by the token at which the text stops making sense.
pub(super) fn meant(tokens: &[Token<'_>], position: usize, expected: &[String]) -> Option<Problem> {
    let token = tokens.get(position)?;
    let before = |ahead: usize| position.checked_sub(ahead).and_then(|position| tokens.get(position));
    let is_before = |symbol: &str| before(1).is_some_and(|token| token.is_symbol(symbol));
    let problem = |message: String| Some(Problem::invalid(token.span, message));
    if expected.iter().any(|what| what.contains("the end") && !what.contains("an operator")) {
        return None;
    }
    let wants_operator = expected.iter().any(|what| what.contains("an operator"));
    match &token.kind {
        TokenKind::Symbol(">") if is_before("<") => problem("`<>` is not known; write `!=`".to_owned()),
        TokenKind::Symbol(">") if is_before("=") => problem("`=>` is not known; write `>=`".to_owned()),
        TokenKind::Symbol("=") if is_before("==") => problem("`===` is not known; write `=`".to_owned()),
        TokenKind::Symbol("=") if is_before("!=") => problem("`!==` is not known; write `!=`".to_owned()),
        _ if is_before("<") && before(2).is_some_and(|token| token.is_symbol("=")) && !wants_operator => {
            let span = before(2).map_or(token.span, |token| token.span);
            Some(Problem::invalid(span, "`=<` is not known; write `<=`"))
        }
        TokenKind::Symbol("*") if is_before("(") && before(2).is_some_and(|token| token.is_word("count")) => {
            let message = "`count(*)` is not known; the parameter `count=exact` counts records, `array::len(tags)` items";
            problem(message.to_owned())
        }
        TokenKind::Symbol(":" | "?") if expected.iter().any(|what| what == "an expression") => {
            problem("a value from outside is a variable: write `$name`, and `vars={\"name\": …}`".to_owned())
        }
        TokenKind::Symbol(":") => problem("expected an operator or the end, found `:`; `=` compares".to_owned()),
        TokenKind::Symbol(";") => problem("a filter is one expression, without `;`".to_owned()),
        TokenKind::Symbol(",") if wants_operator => problem("conditions are joined by `AND` or `OR`, not by `,`".to_owned()),
        TokenKind::Symbol("|") if wants_operator => problem("`|` does not join conditions; write `OR`".to_owned()),
        TokenKind::Word(word) => {
            if before(1).is_some_and(|token| token.is_word("NOT")) && wants_operator {
                let word = shown(word);
                return problem(format!("`NOT {word}` is not known; `!` negates: write `!{word}`, or `!(…)` around a condition"));
            }
            if position == 1 && wants_operator && before(1).is_some_and(|token| token.is_word("WHERE")) {
                return problem("a filter is a condition alone, without `WHERE`".to_owned());
            }
            let listed = WORDS.iter().find(|(words, _)| words.iter().any(|known| known.eq_ignore_ascii_case(word)));
            if let Some((_, advice)) = listed {
                return problem(format!("`{}` is not known here; {advice}", shown(word)));
            }
            if !wants_operator {
                return None;
            }
            let hint = suggestion(&word.to_ascii_uppercase(), OPERATORS.into_iter());
            problem(format!("expected an operator or the end, found `{}`{hint}", shown(word)))
        }
        _ => None,
    }
}

/// Texts that are expressions of the language, but not the one that the caller means.
pub(super) fn misread(text: &str, tokens: &[Token<'_>]) -> Option<Problem> {
    (0..tokens.len()).find_map(|position| {
        let rest = &tokens[position..];
        template(text, rest)
            .or_else(|| list_in_round_brackets(text, rest))
            .or_else(|| is_null(rest))
            .or_else(|| bare_date(text, rest))
            .or_else(|| quoted_field(text, position.checked_sub(1).and_then(|before| tokens.get(before)), rest))
    })
}

/// `{{name}}`, `${name}`
fn template(text: &str, tokens: &[Token<'_>]) -> Option<Problem> {
    let [first, second, ..] = tokens else { return None };
    let is_adjacent = first.span.end == second.span.start && second.is_symbol("{");
    if !is_adjacent {
        return None;
    }
    let is_template = match first.kind {
        TokenKind::Symbol("$") => true,
        TokenKind::Symbol("{") => {
            let closing = tokens.iter().position(|token| token.is_symbol("}"))?;
            let is_name =
                |token: &Token<'_>| matches!(token.kind, TokenKind::Word(_) | TokenKind::Parameter(_)) || token.is_symbol(".");
            closing > 2 && tokens[2..closing].iter().all(is_name) && tokens.get(closing + 1)?.is_symbol("}")
        }
        _ => false,
    };
    let end = tokens.iter().find(|token| token.is_symbol("}")).map_or(text.len(), |token| token.span.end as usize);
    let end = if first.is_symbol("{") { end + 1 } else { end };
    is_template.then(|| {
        let found = shown(text.get(first.span.start as usize..end.min(text.len())).unwrap_or_default());
        let message = format!(
            "`{found}` is a place of a template that was not filled in; a value from outside is a variable: `$name`, and `vars={{\"name\": …}}`"
        );
        Problem::invalid(first.span, message)
    })
}

/// `IN (1, 2)`, which is a point, and `IN ('a')`, which looks for a part of a text.
fn list_in_round_brackets(text: &str, tokens: &[Token<'_>]) -> Option<Problem> {
    let [operator, opening, rest @ ..] = tokens else { return None };
    let is_list = operator.is_word("IN") || operator.is_word("INSIDE");
    if !is_list || !opening.is_symbol("(") {
        return None;
    }
    let rest = if rest.first().is_some_and(|token| token.is_symbol("-")) { &rest[1..] } else { rest };
    let [item, next, ..] = rest else { return None };
    let is_value = is_literal(item) || matches!(item.kind, TokenKind::Parameter(_)) && next.is_symbol(",");
    if !is_value || !(next.is_symbol(",") || next.is_symbol(")")) {
        return None;
    }
    let closing = tokens.iter().find(|token| token.is_symbol(")"));
    let inside = closing.and_then(|closing| text.get(opening.span.end as usize..closing.span.start as usize));
    let list = match inside.filter(|inside| inside.chars().count() <= MAX_LIST && !inside.contains(['(', '\n'])) {
        Some(inside) => format!("[{}]", inside.trim()),
        None => "[…]".to_owned(),
    };
    Some(Problem::invalid(opening.span, format!("a list stands in square brackets: write `IN {list}`")))
}

/// `IS NULL` and `IS NOT NULL`, which SQL asks of fields that are not there.
fn is_null(tokens: &[Token<'_>]) -> Option<Problem> {
    let [first, second, ..] = tokens else { return None };
    if !first.is_word("IS") {
        return None;
    }
    let message = match second.is_word("NOT") {
        false if second.is_word("NULL") => {
            "`IS NULL` is not known in filters; write `= NONE` for a field that is not there, `= NULL` for a stored null, `?? NONE = NONE` for both"
        }
        true if tokens.get(2)?.is_word("NULL") => {
            "`IS NOT NULL` is not known in filters; write `!= NONE` for a field that is there, `?? NONE != NONE` for one that is no null either"
        }
        _ => return None,
    };
    Some(Problem::invalid(first.span, message))
}

/// `2026-12-05`, which is a difference of numbers.
fn bare_date(text: &str, tokens: &[Token<'_>]) -> Option<Problem> {
    let first = tokens.first()?;
    let TokenKind::Number(_) = first.kind else { return None };
    let date = text.get(first.span.start as usize..)?.get(..10)?;
    let is_date =
        date.bytes().enumerate().all(|(place, byte)| if place == 4 || place == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    is_date.then(|| {
        let message = format!("`{date}` is a difference of numbers; a datetime is written `d'{date}T00:00:00Z'`");
        Problem::invalid(first.span, message)
    })
}

/// `"name" = 'x'`: two texts.
fn quoted_field(text: &str, before: Option<&Token<'_>>, tokens: &[Token<'_>]) -> Option<Problem> {
    let [first, operator, value, ..] = tokens else { return None };
    let TokenKind::Text(name) = &first.kind else { return None };
    let begins = match before.map(|token| &token.kind) {
        None | Some(TokenKind::Symbol("(" | "!" | "&&" | "||")) => true,
        Some(TokenKind::Word(word)) => operator_word::is_connective(word),
        _ => false,
    };
    let is_double = text[first.span.start as usize..].starts_with('"');
    let compares = match &operator.kind {
        TokenKind::Symbol(symbol) => matches!(*symbol, "=" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"),
        TokenKind::Word(word) => operator_word::operator(word).is_some(),
        _ => false,
    };
    let is_value = is_literal(value) || value.is_symbol("[") || matches!(value.kind, TokenKind::Parameter(_));
    (begins && is_double && compares && is_value).then(|| {
        let message = format!("`\"{0}\"` is a text, not a field; a field's name stands bare or in backticks: `{0}`", shown(name));
        Problem::invalid(first.span, message)
    })
}

fn is_literal(token: &Token<'_>) -> bool {
    match &token.kind {
        TokenKind::Word(word) => ["true", "false", "null", "none"].iter().any(|known| known.eq_ignore_ascii_case(word)),
        TokenKind::Number(_)
        | TokenKind::Duration(_)
        | TokenKind::Text(_)
        | TokenKind::Datetime(_)
        | TokenKind::Uuid(_)
        | TokenKind::Record(_) => true,
        _ => false,
    }
}
