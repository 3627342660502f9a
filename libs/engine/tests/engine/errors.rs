use crate::support::refuse;

#[test]
fn what_is_not_known_is_told_at_its_place() {
    for (text, expected) in [
        ("1 + nothing::at_all(1)", "1:5 there is no function `nothing::at_all`"),
        ("false AND nothing()", "1:11 there is no function `nothing`"),
        ("not()", "1:1 `not` takes one argument, found 0"),
        ("math::nothing", "1:1 there is no constant `math::nothing`"),
        ("a.nothing()", "1:2 there is no method `nothing`"),
        ("1.tb()", "1:2 int has no method `tb`"),
        ("/a/", "1:1 a regex is an argument of a function, or stands behind `=`, `!=`, `~` and their like"),
        ("|$x| 1", "1:1 a closure is an argument of a function"),
        ("t:1..2", "1:1 a range of record ids stands behind `IN`"),
        ("'a' = /(/", "1:7 the regex is not well formed"),
        ("'a' < /a/", "1:1 `<` is not known for a regex"),
        ("[|$x| 1]", "1:2 a closure is an argument of a function"),
        ("record::id(1)", "1:1 argument 1 of `record::id` has to be a record id, found int"),
    ] {
        refuse(text, expected);
    }
}
