//! How long superseded values are kept.

use ddb_core::{Duration, Error, Result};

/// How PostgreSQL holds [`History::Forever`].
const FOREVER: i64 = -1;
/// 200 years, in microseconds: more than any log goes back.
const LONGEST: i64 = 200 * 366 * 24 * 3600 * 1_000_000;

/// How long a value that was replaced or deleted can be read in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    Forever,
    /// For at least so long.
    For(Duration),
    /// No longer than the next run of the job.
    Nothing,
}

impl History {
    /// `forever`, `none`, or a duration such as `30d`. 422 for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        if text.eq_ignore_ascii_case("forever") {
            return Ok(Self::Forever);
        }
        if text.eq_ignore_ascii_case("none") {
            return Ok(Self::Nothing);
        }
        match Duration::parse(text) {
            Ok(duration) if duration.seconds > 0 && microseconds(duration) <= LONGEST => Ok(Self::For(duration)),
            _ => Err(Error::invalid(
                "history",
                "HISTORY",
                "`history` is `forever`, `none`, or a duration from a second to 200 years, such as `30d`",
            )),
        }
    }

    pub(super) fn stored(self) -> i64 {
        match self {
            Self::Forever => FOREVER,
            Self::For(duration) => microseconds(duration),
            Self::Nothing => 0,
        }
    }

    pub(crate) fn from_stored(stored: i64) -> Self {
        match stored {
            ..0 => Self::Forever,
            0 => Self::Nothing,
            microseconds => {
                let duration = Duration::from_nanoseconds(u128::from(microseconds.unsigned_abs()) * 1_000);
                duration.map_or(Self::Forever, Self::For)
            }
        }
    }
}

impl std::fmt::Display for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Forever => f.write_str("forever"),
            Self::For(duration) => duration.fmt(f),
            Self::Nothing => f.write_str("none"),
        }
    }
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanoseconds() / 1_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_is_a_word_or_a_duration() {
        for (text, expected) in [
            ("forever", Some("forever")),
            ("FOREVER", Some("forever")),
            ("none", Some("none")),
            ("30d", Some("4w2d")),
            ("1h30m", Some("1h30m")),
            ("1s", Some("1s")),
            ("200y", Some("200y")),
            ("", None),
            ("0s", None),
            ("999ms", None),
            ("-1d", None),
            ("30", None),
            ("201y", None),
            ("999999999y", None),
            ("for ever", None),
        ] {
            let history = History::parse(text);
            let shown = history.as_ref().ok().map(ToString::to_string);
            assert_eq!(shown.as_deref(), expected, "{text}");
            if let Ok(history) = history {
                assert_eq!(History::from_stored(history.stored()), history, "{text}");
            }
        }
    }
}
