//! Operators that are words, or can be.
use crate::BinaryOperator;

/// The word operators of one word; `IS`, `IS NOT` and `NOT IN` are read by the grammar.
const WORDS: [(&str, BinaryOperator); 15] = [
    ("IN", BinaryOperator::In),
    ("INSIDE", BinaryOperator::In),
    ("NOTINSIDE", BinaryOperator::NotIn),
    ("ALLINSIDE", BinaryOperator::AllInside),
    ("ANYINSIDE", BinaryOperator::AnyInside),
    ("NONEINSIDE", BinaryOperator::NoneInside),
    ("CONTAINS", BinaryOperator::Contains),
    ("CONTAINSNOT", BinaryOperator::ContainsNot),
    ("CONTAINSALL", BinaryOperator::ContainsAll),
    ("CONTAINSANY", BinaryOperator::ContainsAny),
    ("CONTAINSNONE", BinaryOperator::ContainsNone),
    ("OUTSIDE", BinaryOperator::Outside),
    ("INTERSECTS", BinaryOperator::Intersects),
    ("IS", BinaryOperator::Equal),
    ("NOT", BinaryOperator::NotIn),
];

/// The operator that the word begins.
pub(crate) fn operator(word: &str) -> Option<BinaryOperator> {
    WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, operator)| *operator)
}

/// Whether an operand follows the word.
pub(crate) fn is_operator(word: &str) -> bool {
    operator(word).is_some() || is_connective(word)
}

/// `AND` and `OR`: never the name of a field, unless quoted.
pub(crate) fn is_connective(word: &str) -> bool {
    word.eq_ignore_ascii_case("AND") || word.eq_ignore_ascii_case("OR")
}
