/// A number of things for people: `1 record`, `2 records`. The plural of `thing` takes an `s`.
pub(super) fn count(number: impl Into<i128>, thing: &str) -> String {
    let number = number.into();
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_is_one() {
        for (number, text) in [(0, "0 records"), (1, "1 record"), (2, "2 records")] {
            assert_eq!(super::count(number, "record"), text);
        }
    }
}
