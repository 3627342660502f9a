use crate::support::{World, check, object};

#[test]
fn names_are_fields_of_the_row_and_what_the_system_knows() {
    let world = World::of("task:1", "{ title: 'a', meta: { tags: ['x', 'y'] }, created: 'mine', list: [{ n: 1 }, { m: 2 }] }");
    for (text, expected) in [
        ("title", "'a'"),
        ("meta.tags[0]", "'x'"),
        ("missing", "NONE"),
        ("missing.deep[0].x", "NONE"),
        ("title.x", "NONE"),
        ("id", "task:1"),
        ("_owner", "user:ann"),
        ("_tx", "7"),
        ("_expires", "NONE"),
        ("updated", "d'1970-01-01T00:00:02Z'"),
        ("created", "'mine'"),
        ("meta::created(id)", "d'1970-01-01T00:00:01Z'"),
        ("meta::owner(id)", "user:ann"),
        ("record::id(id)", "1"),
        ("id.tb()", "'task'"),
        ("$this.title", "'a'"),
        ("$missing.x", "NONE"),
        ("list.n", "[1, NONE]"),
        ("list[WHERE n = 1].n", "[1]"),
        ("list[WHERE $parent.title = 'a' AND m = 2]", "[{ m: 2 }]"),
    ] {
        world.check(text, expected);
    }
}

#[test]
fn created_is_the_field_in_a_record_that_has_it_and_the_time_in_every_other_one() {
    // Mutant: `Row::get` gives the system's time first.
    let world = World::of("task:1", "{ created: { at: 5 }, updated: null }");
    world.check("created.at", "5");
    world.check("updated", "NULL");
    world.check("meta::updated(id)", "d'1970-01-01T00:00:02Z'");
    let world = World::of("task:1", "{ title: 'a' }");
    world.check("created", "d'1970-01-01T00:00:01Z'");
    world.check("created.at", "NONE");
    world.check("updated", "d'1970-01-01T00:00:02Z'");
}

#[test]
fn paths_map_over_arrays_level_by_level() {
    for (text, expected) in [
        ("[{ a: 1 }, { a: 2 }, {}].a", "[1, 2, NONE]"),
        ("[[{ a: 1 }], [{ a: 2 }]].a", "[[1], [2]]"),
        ("[{ a: [1, 2] }].a[0]", "[1, 2]"),
        ("[{ a: [1, 2] }][*].a[0]", "[1]"),
        ("[1, 2, 3].*", "[1, 2, 3]"),
        ("{ a: { x: 1 }, b: { x: 2 } }.*", "{ a: { x: 1 }, b: { x: 2 } }"),
        ("{ a: { x: 1 }, b: { x: 2 } }.*.x", "[1, 2]"),
        ("[1, 2, 3][$]", "3"),
        ("[][$]", "NONE"),
        ("[1, 2, 3][-1]", "NONE"),
        ("[1, 2, 3][5]", "NONE"),
        ("[1, 2, 3, 4][1..3]", "[2, 3]"),
        ("[1, 2, 3, 4][1..=3]", "[2, 3, 4]"),
        ("[1, 2, 3][2..]", "[3]"),
        ("[1, 2, 3][..2]", "[1, 2]"),
        ("[1, 2, 3][9..12]", "[]"),
        ("[1, 2, 3][3..1]", "[]"),
        ("{ 'a b': 1 }['a b']", "1"),
        ("[1, 2, 3][WHERE $this > 1]", "[2, 3]"),
        ("{ a: 1 }[WHERE a = 1].a", "1"),
        ("{ a: 1 }[WHERE a = 2].a", "NONE"),
        ("{ a: 1, b: { c: 2, d: 3 } }.{ a, b.{ c }, e: b.d, f }", "{ a: 1, b: { c: 2 }, e: 3 }"),
        ("[{ a: 1, b: 2 }, { a: 3 }].{ a }", "[{ a: 1 }, { a: 3 }]"),
        ("[[1], [2, [3]]]...", "[1, 2, [3]]"),
        ("NONE.?.a", "NONE"),
        ("5.?.x", "NONE"),
    ] {
        check(text, expected);
    }
}

#[test]
fn parameters_are_values() {
    let mut world = World::new();
    world.parameters = object("{ s: 'active', list: [1, 2] }");
    world.check("$s", "'active'");
    world.check("2 IN $list", "true");
    world.check("$list[1]", "2");
    world.check("$unknown", "NONE");
}
