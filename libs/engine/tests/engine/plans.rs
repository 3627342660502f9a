//! Which columns a plan uses. That its answers are right is tested over real tables (`services/query/tests/routes/data/differential.rs`).
//!
//! Mutants: `Shape::column` knows single names only; it gives the system's column although records have fields of their own; `names` joins a path to one name.
use ddb_core::{Datetime, Error, FieldPath, Result, TableName, Timestamp, Value, sort_key};
use ddb_darshjql::{Expr, ExprKind, parse_expression};
use ddb_engine::plan::{
    Bind, Column, Constants, IndexShape, OrderTerm, OwnTimes, Plan, Position, PositionPart, Question, Shape, plan,
};

struct Literals;

impl Constants for Literals {
    fn evaluate(&self, expr: &Expr) -> Result<Value> {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            _ => Err(Error::internal("no literal")),
        }
    }
}

fn shape(fields: &[&str], own: bool) -> Shape {
    let columns: Vec<(FieldPath, Column)> = fields
        .iter()
        .enumerate()
        .map(|(number, text)| (FieldPath::parse(text).expect("a path"), Column::Field(format!("p.x{number}"))))
        .collect();
    let mut indexes: Vec<IndexShape> =
        columns.iter().map(|(_, column)| IndexShape { columns: vec![(column.clone(), false)] }).collect();
    if !own {
        indexes.push(IndexShape { columns: vec![(Column::Created, false)] });
    }
    let own = OwnTimes { created: own, updated: own };
    Shape { table: TableName::parse("t").expect("a name"), own, fields: columns, indexes }
}

fn term(path: &[&str]) -> OrderTerm {
    OrderTerm { path: path.iter().map(|name| (*name).to_owned()).collect(), descending: false }
}

fn planned(filter: &str, order: &[OrderTerm], after: Option<&Position>, shape: &Shape) -> Plan {
    let filter = (!filter.is_empty()).then(|| parse_expression(filter).expect("a filter"));
    plan(Question { filter: filter.as_ref(), owner: None, order, after }, shape, &Literals, 3).expect("a plan")
}

#[test]
fn a_path_has_the_column_of_its_index() {
    let shape = shape(&["profile.email", "`a.b`"], false);
    for (filter, condition) in [
        ("profile.email = 'x'", "p.x0 = $3"),
        ("profile.`email` < 'x'", "p.x0 < $3"),
        ("'x' >= profile.email", "p.x0 <= $3"),
        ("profile.email IN ['x']", "p.x0 = any($3)"),
        ("`a.b` = 'x'", "p.x1 = $3"),
    ] {
        let plan = planned(filter, &[], None, &shape);
        assert_eq!((plan.condition.as_str(), plan.is_exact), (condition, true), "{filter}");
    }
    for filter in ["a.b = 'x'", "profile.email.x = 'x'", "profile[0].email = 'x'", "profile.other = 'x'", "profile.*.email = 'x'"]
    {
        let plan = planned(filter, &[], None, &shape);
        assert_eq!((plan.condition.as_str(), plan.is_exact), ("true", false), "{filter}");
    }
    let plan = planned("profile.email > 'x'", &[term(&["profile", "email"])], None, &shape);
    assert_eq!((plan.order.as_deref(), plan.is_indexed), (Some("p.x0, p.key"), true));
    assert_eq!(planned("", &[term(&["profile.email"])], None, &shape).order, None);
    assert_eq!(planned("", &[term(&["profile", "other"])], None, &shape).order, None);
}

#[test]
fn created_has_the_system_s_column_until_a_record_has_a_field_of_that_name() {
    let time = "d'2026-01-02T03:04:05Z'";
    let system = planned(&format!("created > {time}"), &[term(&["created"])], None, &shape(&[], false));
    assert_eq!(
        (system.condition.as_str(), system.is_exact, system.order.as_deref(), system.is_indexed),
        ("p.created > $3", true, Some("p.created, p.key"), true)
    );
    let own = planned(&format!("created > {time}"), &[term(&["created"])], None, &shape(&[], true));
    assert_eq!(
        (own.condition.as_str(), own.is_exact, own.order.as_deref()),
        ("(jsonb_exists(p.doc, $4) or p.created > $3)", false, None)
    );
    for filter in ["created = 'x'", "created = NONE", "created = NULL", "!(created > d'2026-01-02T03:04:05Z')"] {
        let own = planned(filter, &[], None, &shape(&[], true));
        assert_eq!((own.condition.as_str(), own.is_exact), ("true", false), "{filter}");
    }
    let indexed = planned(&format!("created > {time}"), &[term(&["created"])], None, &shape(&["created"], true));
    assert_eq!(
        (indexed.condition.as_str(), indexed.is_exact, indexed.order.as_deref(), indexed.is_indexed),
        ("p.x0 > $3", true, Some("p.x0, p.key"), true)
    );
}

#[test]
fn a_place_by_a_time_is_one_in_both_columns() {
    let time = Timestamp(1_767_323_045_678_901);
    let key = sort_key::encode_whole(&Value::Datetime(Datetime::from_timestamp(time)));
    let place = Position { parts: vec![PositionPart::Key(key.clone())], key: vec![7] };
    let system = planned("", &[term(&["created"])], Some(&place), &shape(&[], false));
    assert_eq!((system.condition.as_str(), &system.binds[0]), ("(p.created, p.key) > ($3, $4)", &Bind::Int(time.0)));
    let own = planned("", &[term(&["created"])], Some(&place), &shape(&["created"], true));
    assert_eq!((own.condition.as_str(), &own.binds[0]), ("(p.x0, p.key) > ($3, $4)", &Bind::Bytes(key)));
}
