//! Vectors: arrays of numbers, of the same length where there are two.
use ddb_core::Value;

use super::{Arguments, Function, Outcome, function};
use crate::arithmetic::{self, ArithmeticError};
use crate::problem::Failure;

pub(super) const FUNCTIONS: &[Function] = &[
    function("vector::add", 2, 2, |arguments| each(arguments, arithmetic::add)),
    function("vector::angle", 2, 2, |arguments| {
        of_pair(arguments, |a, b| (dot(a, b) / (length(a) * length(b))).clamp(-1.0, 1.0).acos())
    }),
    function("vector::cross", 2, 2, cross),
    function("vector::distance::chebyshev", 2, 2, |arguments| of_pair(arguments, |a, b| gaps(a, b).fold(0.0, f64::max))),
    function("vector::distance::euclidean", 2, 2, |arguments| {
        of_pair(arguments, |a, b| gaps(a, b).map(|gap| gap * gap).sum::<f64>().sqrt())
    }),
    function("vector::distance::hamming", 2, 2, hamming),
    function("vector::distance::manhattan", 2, 2, |arguments| of_pair(arguments, |a, b| gaps(a, b).sum())),
    function("vector::distance::minkowski", 3, 3, minkowski),
    function("vector::divide", 2, 2, |arguments| each(arguments, arithmetic::divide)),
    function("vector::dot", 2, 2, |arguments| of_pair(arguments, dot)),
    function("vector::magnitude", 1, 1, |arguments| Ok(Value::Float(length(&arguments.floats()?)))),
    function("vector::multiply", 2, 2, |arguments| each(arguments, arithmetic::multiply)),
    function("vector::normalize", 1, 1, normalize),
    function("vector::project", 2, 2, project),
    function("vector::scale", 2, 2, scale),
    function("vector::similarity::cosine", 2, 2, |arguments| of_pair(arguments, |a, b| dot(a, b) / (length(a) * length(b)))),
    function("vector::similarity::jaccard", 2, 2, jaccard),
    function("vector::similarity::pearson", 2, 2, |arguments| of_pair(arguments, pearson)),
    function("vector::similarity::spearman", 2, 2, |arguments| of_pair(arguments, |a, b| pearson(&ranks(a), &ranks(b)))),
    function("vector::subtract", 2, 2, |arguments| each(arguments, arithmetic::subtract)),
];

fn pair(arguments: &mut Arguments<'_>) -> Result<(Vec<f64>, Vec<f64>), Failure> {
    let (a, b) = (arguments.floats()?, arguments.floats()?);
    same_length(a.len(), b.len())?;
    Ok((a, b))
}

fn same_length(a: usize, b: usize) -> Result<(), Failure> {
    if a == b { Ok(()) } else { Err(Failure::invalid("the vectors are not of the same length")) }
}

fn of_pair(arguments: &mut Arguments<'_>, compute: fn(&[f64], &[f64]) -> f64) -> Outcome {
    let (a, b) = pair(arguments)?;
    Ok(Value::Float(compute(&a, &b)))
}

fn each(arguments: &mut Arguments<'_>, compute: fn(&Value, &Value) -> Result<Value, ArithmeticError>) -> Outcome {
    let (a, b) = (arguments.numbers()?, arguments.numbers()?);
    same_length(a.len(), b.len())?;
    let computed: Result<Vec<Value>, ArithmeticError> = a.iter().zip(&b).map(|(a, b)| compute(a, b)).collect();
    computed.map(Value::Array).map_err(|error| Failure::invalid(error.to_string()))
}

fn floats(vector: impl IntoIterator<Item = f64>) -> Value {
    Value::Array(vector.into_iter().map(Value::Float).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

fn gaps<'a>(a: &'a [f64], b: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
    a.iter().zip(b).map(|(a, b)| (a - b).abs())
}

fn cross(arguments: &mut Arguments<'_>) -> Outcome {
    let (a, b) = (arguments.numbers()?, arguments.numbers()?);
    let (Ok([a1, a2, a3]), Ok([b1, b2, b3])) = (<[Value; 3]>::try_from(a), <[Value; 3]>::try_from(b)) else {
        return Err(Failure::invalid("both vectors have to be of length 3"));
    };
    let difference = |a: &Value, b: &Value, c: &Value, d: &Value| {
        arithmetic::subtract(&arithmetic::multiply(a, b)?, &arithmetic::multiply(c, d)?)
    };
    let product = [difference(&a2, &b3, &a3, &b2), difference(&a3, &b1, &a1, &b3), difference(&a1, &b2, &a2, &b1)];
    let product: Result<Vec<Value>, ArithmeticError> = product.into_iter().collect();
    product.map(Value::Array).map_err(|error| Failure::invalid(error.to_string()))
}

/// In how many places the vectors differ.
fn hamming(arguments: &mut Arguments<'_>) -> Outcome {
    let (a, b) = pair(arguments)?;
    Ok(Value::Int(a.iter().zip(&b).filter(|(a, b)| a != b).count() as i64))
}

fn minkowski(arguments: &mut Arguments<'_>) -> Outcome {
    let ((a, b), order) = (pair(arguments)?, arguments.float()?);
    Ok(Value::Float(gaps(&a, &b).map(|gap| gap.powf(order)).sum::<f64>().powf(1.0 / order)))
}

/// With the same direction and the length 1; that of length 0 stays as it is.
fn normalize(arguments: &mut Arguments<'_>) -> Outcome {
    let vector = arguments.floats()?;
    let length = length(&vector);
    Ok(floats(vector.into_iter().map(|float| if length == 0.0 { 0.0 } else { float / length })))
}

/// The part of the first vector in the direction of the second.
fn project(arguments: &mut Arguments<'_>) -> Outcome {
    let (a, b) = pair(arguments)?;
    let share = dot(&a, &b) / dot(&b, &b);
    Ok(floats(b.into_iter().map(|float| float * share)))
}

fn scale(arguments: &mut Arguments<'_>) -> Outcome {
    let (vector, by) = (arguments.numbers()?, arguments.number()?);
    let scaled: Result<Vec<Value>, ArithmeticError> = vector.iter().map(|number| arithmetic::multiply(number, &by)).collect();
    scaled.map(Value::Array).map_err(|error| Failure::invalid(error.to_string()))
}

/// How many of all different members are in both.
fn jaccard(arguments: &mut Arguments<'_>) -> Outcome {
    use std::collections::BTreeSet;
    let (a, b): (BTreeSet<Value>, BTreeSet<Value>) =
        (arguments.numbers()?.into_iter().collect(), arguments.numbers()?.into_iter().collect());
    Ok(Value::Float(a.intersection(&b).count() as f64 / a.union(&b).count() as f64))
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |vector: &[f64]| vector.iter().sum::<f64>() / vector.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let centred = |vector: &[f64], mean: f64| vector.iter().map(|float| float - mean).collect::<Vec<_>>();
    let (a, b) = (centred(a, mean_a), centred(b, mean_b));
    dot(&a, &b) / (length(&a) * length(&b))
}

/// The place of each number in their order; equal ones share the mean of theirs.
fn ranks(vector: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..vector.len()).collect();
    order.sort_by(|a, b| vector[*a].total_cmp(&vector[*b]));
    let mut ranks = vec![0.0; vector.len()];
    let mut begin = 0;
    while begin < order.len() {
        let end = order[begin..].iter().take_while(|index| vector[**index] == vector[order[begin]]).count().max(1) + begin;
        let shared = (begin + end - 1) as f64 / 2.0 + 1.0;
        order[begin..end].iter().for_each(|index| ranks[*index] = shared);
        begin = end;
    }
    ranks
}
