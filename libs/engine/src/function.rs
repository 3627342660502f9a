//! Functions by name, and as methods of the values that they begin with.
mod arguments;
mod array;
mod bytes;
mod closure;
mod collation;
mod crypto;
mod duration;
mod encoding;
mod geo;
mod kind;
mod math;
mod meta;
mod object;
mod parse;
mod plain;
mod random;
mod set;
mod string;
mod time;
mod ulid;
mod value;
mod vector;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use ddb_core::{Result, Value};
use ddb_darshjql::{Expr, Part, Path};

use crate::problem::{Failure, Problem};
use crate::scope::Scope;
use arguments::Arguments;
use ddb_core::suggestion;

/// What a function gives.
type Outcome = std::result::Result<Value, Failure>;

pub(crate) struct Function {
    name: &'static str,
    /// How many arguments it takes.
    least: usize,
    most: usize,
    run: fn(&mut Arguments<'_>) -> Outcome,
    is_of_chance: bool,
}

const fn function(name: &'static str, least: usize, most: usize, run: fn(&mut Arguments<'_>) -> Outcome) -> Function {
    Function { name, least, most, run, is_of_chance: false }
}

/// One that gives something else each time.
const fn chance(name: &'static str, least: usize, most: usize, run: fn(&mut Arguments<'_>) -> Outcome) -> Function {
    Function { name, least, most, run, is_of_chance: true }
}

impl Function {
    fn run(&self, arguments: &mut Arguments<'_>) -> Outcome {
        if self.is_of_chance {
            arguments.budget().note_fleeting();
        }
        (self.run)(arguments)
    }
}

const FAMILIES: &[&[Function]] = &[
    plain::FUNCTIONS,
    array::FUNCTIONS,
    bytes::FUNCTIONS,
    crypto::FUNCTIONS,
    duration::FUNCTIONS,
    encoding::FUNCTIONS,
    geo::FUNCTIONS,
    kind::FUNCTIONS,
    math::FUNCTIONS,
    meta::FUNCTIONS,
    object::FUNCTIONS,
    parse::FUNCTIONS,
    random::FUNCTIONS,
    set::FUNCTIONS,
    time::FUNCTIONS,
    value::FUNCTIONS,
    vector::FUNCTIONS,
];

fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().chain(string::FUNCTIONS).copied().flatten()
}

static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> =
    LazyLock::new(|| all().map(|function| (function.name, function)).collect());

/// Also by the older spelling of predicates and conversions: `string::is::email`, `time::from::unix`.
fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name).or_else(|| BY_NAME.get(name.replace("::is::", "::is_").replace("::from::", "::from_").as_str())).copied()
}

/// The function, if there is one that takes so many arguments.
pub(crate) fn resolve(name: &str, arguments: usize) -> std::result::Result<&'static Function, Problem> {
    let function = find(name).ok_or_else(|| Problem::invalid(format!("there is no function `{name}`{}", hint(name))))?;
    check_count(function, name, arguments)?;
    Ok(function)
}

/// The function that was probably meant: of the same family, if there is such a family.
fn hint(name: &str) -> String {
    let family_of = |name: &str| name.rsplit_once("::").map(|(family, _)| family.to_owned());
    let family = family_of(name);
    let mut of_family = BY_NAME.keys().copied().filter(|known| family.is_some() && family_of(known) == family).peekable();
    match (of_family.peek(), name.rsplit_once("::")) {
        (Some(_), Some((family, last))) => {
            let last_parts = of_family.filter_map(|known| known.rsplit_once("::")).map(|(_, last)| last);
            suggestion(last, last_parts).replace("mean `", &format!("mean `{family}::"))
        }
        (None, None) => {
            // Of another language, or without its family.
            let meant = HABITS.iter().find(|(habit, _)| *habit == name).map(|(_, meant)| *meant);
            let of_any_family =
                ["string", "array", "math", "time"].into_iter().find_map(|family| find(&format!("{family}::{name}")));
            match (meant, of_any_family) {
                (Some(meant), _) => format!("; write `{meant}`"),
                (None, Some(function)) => format!("; did you mean `{}`?", function.name),
                (None, None) => suggestion(name, BY_NAME.keys().copied()),
            }
        }
        _ => suggestion(name, BY_NAME.keys().copied()),
    }
}

/// A method that was probably meant.
pub(crate) fn method_hint(name: &str) -> String {
    suggestion(name, METHODS.keys().map(|(_, method)| *method))
}

/// What functions of other languages are here.
const HABITS: [(&str, &str); 20] = [
    ("lower", "string::lowercase(…)"),
    ("tolower", "string::lowercase(…)"),
    ("lcase", "string::lowercase(…)"),
    ("upper", "string::uppercase(…)"),
    ("toupper", "string::uppercase(…)"),
    ("ucase", "string::uppercase(…)"),
    ("length", "string::len(…)` or `array::len(…)"),
    ("len", "string::len(…)` or `array::len(…)"),
    ("char_length", "string::len(…)"),
    ("size", "array::len(…)"),
    ("array_length", "array::len(…)"),
    ("substr", "string::slice(…)"),
    ("substring", "string::slice(…)"),
    ("coalesce", "a ?? b"),
    ("ifnull", "a ?? b"),
    ("exists", "a != NONE"),
    ("isnull", "a = NONE"),
    ("like", "a ~ 'bob'"),
    ("startswith", "string::starts_with(…)"),
    ("endswith", "string::ends_with(…)"),
];

fn check_count(function: &Function, name: &str, found: usize) -> std::result::Result<(), Problem> {
    let Function { least, most, .. } = *function;
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let wanted = match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "one argument".to_owned(),
        (least, usize::MAX) => format!("at least {least} arguments"),
        (least, most) if least == most => format!("{least} arguments"),
        (least, most) => format!("{least} to {most} arguments"),
    };
    Err(Problem::invalid(format!("`{name}` takes {wanted}, found {found}")))
}

/// `name(…)`
pub(crate) fn call<'a>(expr: &'a Expr, name: &str, arguments: &'a [Expr], scope: &'a Scope<'a>) -> Result<Value> {
    let function = resolve(name, arguments.len()).map_err(|problem| problem.at(expr.span, expr))?;
    let mut arguments = Arguments::new(function.name, None, arguments, scope)?;
    function.run(&mut arguments).map_err(|failure| failure.at(expr.span, expr))
}

/// `value.name(…)`: the function of the value's family with the value as its first argument. Of NONE it is NONE, unless the function is
/// for every kind.
pub(crate) fn method<'a>(
    value: Cow<'a, Value>,
    name: &str,
    arguments: &'a [Expr],
    part: &Part,
    scope: &'a Scope<'a>,
) -> Result<Value> {
    let at = |problem: Failure| problem.at(part.span, &Path { parts: vec![part.clone()] });
    let function = match find_method(&value, name) {
        Some(function) => function,
        None if value.is_none() && is_method(name) => return Ok(Value::None),
        None => return Err(at(Failure::invalid(format!("{} has no method `{name}`", value.kind_name())))),
    };
    check_count(function, name, arguments.len() + 1).map_err(|problem| at(problem.into()))?;
    let mut arguments = Arguments::new(function.name, Some(value), arguments, scope)?;
    function.run(&mut arguments).map_err(at)
}

/// Families whose functions are methods of every kind.
const GENERAL: [&str; 2] = ["type", "value"];

fn find_method(value: &Value, name: &str) -> Option<&'static Function> {
    let families: &[&str] = match value {
        Value::String(_) => &["string"],
        Value::Array(_) => &["array"],
        Value::Set(_) => &["set", "array"],
        Value::Object(_) => &["object"],
        Value::Int(_) | Value::Float(_) | Value::Decimal(_) => &["math"],
        Value::Duration(_) => &["duration"],
        Value::Datetime(_) => &["time"],
        Value::Bytes(_) => &["bytes"],
        Value::Record(_) => &["record", "meta"],
        Value::Geometry(_) => &["geo"],
        Value::None | Value::Null | Value::Bool(_) | Value::Uuid(_) | Value::Table(_) | Value::Range(_) => &[],
    };
    families.iter().chain(&GENERAL).find_map(|family| METHODS.get(&(*family, name)).copied())
}

/// Whether values of some kind have a method of that name.
pub(crate) fn is_method(name: &str) -> bool {
    METHODS.keys().any(|(_, method)| *method == name)
}

/// By family and name: `string::distance::hamming` is the method `distance_hamming`, `type::string` is `to_string`, and functions of
/// vectors are methods of arrays as `vector_…`.
static METHODS: LazyLock<HashMap<(&'static str, &'static str), &'static Function>> = LazyLock::new(|| {
    let mut methods = HashMap::new();
    for function in all().filter(|function| function.most > 0) {
        let Some((family, name)) = function.name.split_once("::") else { continue };
        let name = name.replace("::", "_");
        let (family, name) = match family {
            "vector" => ("array", format!("vector_{name}")),
            "type" if !name.starts_with("is_") => ("type", format!("to_{name}")),
            "crypto" | "encoding" | "parse" | "rand" => continue,
            family => (family, name),
        };
        methods.insert((family, &*name.leak()), function);
    }
    methods
});
