use ddb_core::Result;
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, Part, PartKind, Path};

use crate::problem::Problem;
use crate::{Budget, constant, function};

/// Finds what would be an error for every row: functions, methods and constants that there are not, numbers of arguments, and closures,
/// regexes and ranges of record ids where they mean nothing, and regexes that are none. An expression is checked once, so that it fails also where there are no rows.
pub fn check(expr: &Expr) -> Result<()> {
    Check { regexes: Budget::default() }.at_place(expr, Place::Value)
}

/// Regexes are compiled once, and as many as a request may have.
struct Check {
    regexes: Budget,
}

/// What may stand somewhere besides values.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Value,
    Argument,
    BesideOperator(BinaryOperator),
}

impl Check {
    fn at_place(&self, expr: &Expr, place: Place) -> Result<()> {
        let problem = match &expr.kind {
            ExprKind::Function(name, arguments) => function::resolve(name, arguments.len()).err(),
            ExprKind::Constant(name) => constant::constant(name).err(),
            ExprKind::Regex(_) if place == Place::Value => Some(Problem::invalid(crate::evaluate::MISPLACED_REGEX)),
            ExprKind::Regex(pattern) => self.regexes.regex(pattern).err(),
            ExprKind::Closure(..) if place != Place::Argument => Some(Problem::invalid(crate::evaluate::MISPLACED_CLOSURE)),
            ExprKind::RecordRange(_) if !matches!(place, Place::BesideOperator(BinaryOperator::In | BinaryOperator::NotIn)) => {
                Some(Problem::invalid(crate::evaluate::MISPLACED_RECORD_RANGE))
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(problem.at(expr.span, expr));
        }
        match &expr.kind {
            ExprKind::Function(_, arguments) => {
                arguments.iter().try_for_each(|argument| self.at_place(argument, Place::Argument))
            }
            ExprKind::Binary(left, operator, right) => {
                let left_place = match operator {
                    BinaryOperator::Equal | BinaryOperator::NotEqual if matches!(left.kind, ExprKind::Regex(_)) => {
                        Place::BesideOperator(*operator)
                    }
                    _ => Place::Value,
                };
                self.at_place(left, left_place)?;
                self.at_place(right, Place::BesideOperator(*operator))
            }
            ExprKind::Path(path) => self.steps(path),
            ExprKind::Access(base, path) => {
                self.at_place(base, Place::Value)?;
                self.steps(path)
            }
            _ => expr.children().into_iter().try_for_each(|child| self.at_place(child, Place::Value)),
        }
    }

    fn steps(&self, path: &Path) -> Result<()> {
        path.parts.iter().try_for_each(|part| match &part.kind {
            PartKind::Method(name, arguments) => {
                if !function::is_method(name) {
                    return Err(at_part(
                        Problem::invalid(format!("there is no method `{name}`{}", function::method_hint(name))),
                        part,
                    ));
                }
                arguments.iter().try_for_each(|argument| self.at_place(argument, Place::Argument))
            }
            PartKind::Index(expr) | PartKind::Where(expr) => self.at_place(expr, Place::Value),
            PartKind::Destructure(fields) => fields.iter().try_for_each(|field| self.steps(&field.path)),
            PartKind::Field(_) | PartKind::All | PartKind::Last | PartKind::Optional | PartKind::Flatten => Ok(()),
        })
    }
}

fn at_part(problem: Problem, part: &Part) -> ddb_core::Error {
    problem.at(part.span, &Path { parts: vec![part.clone()] })
}
