use super::check_all;

#[test]
fn objects_are_taken_apart_and_put_together() {
    check_all(&[
        ("object::keys({ b: 1, a: 2 })", "['a', 'b']"),
        ("object::values({ b: 1, a: 2 })", "[2, 1]"),
        ("object::entries({ b: 1, a: 2 })", "[['a', 2], ['b', 1]]"),
        ("object::from_entries([['a', 1], ['b', 2]])", "{ a: 1, b: 2 }"),
        ("object::len({ a: 1 })", "1"),
        ("object::is_empty({})", "true"),
        ("object::extend({ a: 1, b: 1 }, { b: 2 })", "{ a: 1, b: 2 }"),
        ("object::remove({ a: 1, b: 2 }, 'a')", "{ b: 2 }"),
        ("object::remove({ a: 1, b: 2, c: 3 }, ['a', 'c'])", "{ b: 2 }"),
        ("{ a: 1 }.keys()", "['a']"),
    ]);
}
