use super::check_all;
use crate::support::refuse;

#[test]
fn arrays_are_made_from_arrays() {
    check_all(&[
        ("array::add([1, 2], 2)", "[1, 2]"),
        ("array::add([1, 2], [2, 3, 3])", "[1, 2, 3]"),
        ("array::append([1], [2])", "[1, [2]]"),
        ("array::push([1], 2)", "[1, 2]"),
        ("array::prepend([1], 2)", "[2, 1]"),
        ("array::insert([1, 3], 2, 1)", "[1, 2, 3]"),
        ("array::insert([1, 3], 2)", "[1, 3, 2]"),
        ("array::insert([1, 3], 2, -1)", "[1, 2, 3]"),
        ("array::remove([1, 2, 3], 1)", "[1, 3]"),
        ("array::remove([1, 2, 3], -1)", "[1, 2]"),
        ("array::remove([1, 2, 3], 9)", "[1, 2, 3]"),
        ("array::concat([1], [2], [3, 4])", "[1, 2, 3, 4]"),
        ("array::clump([1, 2, 3], 2)", "[[1, 2], [3]]"),
        ("array::windows([1, 2, 3], 2)", "[[1, 2], [2, 3]]"),
        ("array::combine([1, 2], [3, 4])", "[[1, 3], [1, 4], [2, 3], [2, 4]]"),
        ("array::flatten([[1], [2, [3]], 4])", "[1, 2, [3], 4]"),
        ("array::reverse([1, 2, 3])", "[3, 2, 1]"),
        ("array::slice([1, 2, 3, 4], 1, 3)", "[2, 3]"),
        ("array::slice([1, 2, 3, 4], -2)", "[3, 4]"),
        ("array::slice([1, 2, 3, 4], 1..=2)", "[2, 3]"),
        ("array::slice([1, 2], 5, 9)", "[]"),
        ("array::swap([1, 2, 3], 0, -1)", "[3, 2, 1]"),
        ("array::transpose([[1, 2], [3, 4], [5]])", "[[1, 3, 5], [2, 4]]"),
        ("array::fill([1, 2, 3], 0)", "[0, 0, 0]"),
        ("array::fill([1, 2, 3, 4], 0, 1, 3)", "[1, 0, 0, 4]"),
        ("array::fill([1, 2, 3], 0, -1)", "[1, 2, 0]"),
        ("array::repeat('a', 3)", "['a', 'a', 'a']"),
        ("array::range(1, 4)", "[1, 2, 3]"),
        ("array::range(1..=4)", "[1, 2, 3, 4]"),
        ("array::range(4, 1)", "[]"),
        ("array::sequence(3)", "[0, 1, 2]"),
        ("array::sequence(5, 3)", "[5, 6, 7]"),
        ("array::sort(array::shuffle([3, 1, 2]))", "[1, 2, 3]"),
    ]);
}

#[test]
fn arrays_are_compared_as_sets() {
    check_all(&[
        ("array::complement([1, 2, 3], [2])", "[1, 3]"),
        ("array::difference([1, 2, 3], [3, 4])", "[1, 2, 4]"),
        ("array::intersect([1, 2, 2, 3], [2, 3])", "[2, 3]"),
        ("array::union([1, 2], [2, 3])", "[1, 2, 3]"),
        ("array::distinct([1, 2, 1.0, 2])", "[1, 2]"),
        ("array::group([1, [2, 1], [3]])", "[1, 2, 3]"),
    ]);
}

#[test]
fn arrays_are_asked() {
    check_all(&[
        ("array::all([1, 'a'])", "true"),
        ("array::all([1, 0])", "false"),
        ("array::all([1, 1], 1)", "true"),
        ("array::all([])", "true"),
        ("array::any([0, 1])", "true"),
        ("array::any([])", "false"),
        ("array::any([1, 2], |$x| $x > 1)", "true"),
        ("array::at([1, 2, 3], -1)", "3"),
        ("array::at([1, 2, 3], 3)", "NONE"),
        ("array::first([])", "NONE"),
        ("array::first([1, 2])", "1"),
        ("array::last([1, 2])", "2"),
        ("array::pop([1, 2])", "2"),
        ("array::len({1, 2})", "2"),
        ("array::is_empty([])", "true"),
        ("array::is::empty([1])", "false"),
        ("array::find([1, 2, 3], |$x| $x > 1)", "2"),
        ("array::find([1, 2], 5)", "NONE"),
        ("array::find_index([1, 2, 3], 3)", "2"),
        ("array::filter_index([1, 2, 1], 1)", "[0, 2]"),
        ("array::matches([1, 2, 1], 1)", "[true, false, true]"),
        ("array::filter(['ab', 'c'], /a/)", "['ab']"),
        ("array::max([1, 3, 2])", "3"),
        ("array::min(['b', 'a'])", "'a'"),
        ("array::max([])", "NONE"),
        ("array::join([1, 'a', 2.5], '-')", "'1-a-2.5f'"),
        ("count([1, 0])", "2"),
        ("count()", "1"),
        ("count(0)", "0"),
    ]);
}

#[test]
fn arrays_are_combined_item_by_item() {
    check_all(&[
        ("array::boolean_and([1, 0, 1], [1, 1])", "[true, false, false]"),
        ("array::boolean_or([1, 0], [0, 0])", "[true, false]"),
        ("array::boolean_xor([1, 0], [1, 1])", "[false, true]"),
        ("array::boolean_not([1, 0])", "[false, true]"),
        ("array::logical_and([1, 0, 3], ['a', 'b', 0])", "[1, 0, 0]"),
        ("array::logical_or([1, 0], ['a', 'b'])", "[1, 'b']"),
        ("array::logical_xor([1, 0, 2], [1, 3, 0])", "[false, 3, 2]"),
    ]);
}

#[test]
fn arrays_are_sorted() {
    check_all(&[
        ("array::sort([3, 1, 'a', 2])", "[1, 2, 3, 'a']"),
        ("array::sort([1, 2], false)", "[2, 1]"),
        ("array::sort([1, 2], 'desc')", "[2, 1]"),
        ("array::sort::asc([2, 1])", "[1, 2]"),
        ("array::sort::desc([1, 2])", "[2, 1]"),
        ("array::sort_natural(['a10', 'a2', 'a1'])", "['a1', 'a2', 'a10']"),
        ("array::sort_lexical(['Zoe', 'émile', 'anna', 'Eva'])", "['anna', 'émile', 'Eva', 'Zoe']"),
        ("array::sort_natural(['a2', 'a10'], false)", "['a10', 'a2']"),
    ]);
}

#[test]
fn closures_see_item_and_position() {
    check_all(&[
        ("[1, 2].map(|$x, $i| $x * 10 + $i)", "[10, 21]"),
        ("array::fold([1, 2, 3], 10, |$sum, $x| $sum + $x)", "16"),
        ("array::fold([1, 2], [], |$acc, $x, $i| $acc + [[$i, $x]])", "[[0, 1], [1, 2]]"),
        ("array::reduce([1, 2, 3], |$a, $b| $a * $b)", "6"),
        ("array::reduce([], |$a, $b| $a * $b)", "NONE"),
        ("[1, 2].map(|$x| [3, 4].map(|$y| $x * $y))", "[[3, 4], [6, 8]]"),
        ("[1.0].map(|$x: int| $x)", "[1]"),
    ]);
    refuse("['a'].map(|$x: int| $x)", "1:21 expected int, found string");
    refuse("array::map(1, |$x| $x)", "1:1 argument 1 of `array::map` has to be an array, found int");
    refuse("array::map([1], 2)", "1:1 argument 2 of `array::map` has to be a closure, found int");
    refuse("array::clump([1], 0)", "1:1 argument 2 of `array::clump` has to be at least 1, found 0");
}
