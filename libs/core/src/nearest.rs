/// The candidate that `text` was probably meant to be, as the end of a message.
pub fn suggestion<'a>(text: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    candidates
        .map(|candidate| (distance(text, candidate), candidate))
        .min()
        .filter(|(distance, candidate)| *distance <= candidate.len() / 3)
        .map(|(_, candidate)| format!("; did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// Levenshtein's distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let b = b.as_bytes();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, byte_a) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, byte_b) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(byte_a != *byte_b);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, suggestion};

    #[test]
    fn distance_counts_edits() {
        for (a, b, expected) in [("", "", 0), ("a", "", 1), ("bind", "bnid", 2), ("data_dir", "datadir", 1), ("log", "bind", 4)] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn only_a_near_name_is_suggested() {
        let names = ["data_dir", "bind", "log_format"];
        assert_eq!(suggestion("datadir", names.into_iter()), "; did you mean `data_dir`?");
        assert_eq!(suggestion("colour", names.into_iter()), "");
    }
}
