use std::collections::BTreeSet;

use ddb_darshjql::{Expr, ExprKind, Part, PartKind, Path};

/// The fields of the row that an expression names, each as the names of its path up to the first step that is none.
pub fn names(expr: &Expr) -> BTreeSet<Vec<String>> {
    let mut names = BTreeSet::new();
    add(expr, &mut names);
    names
}

fn add(expr: &Expr, names: &mut BTreeSet<Vec<String>>) {
    match &expr.kind {
        ExprKind::Path(path) => {
            names.insert(path.parts.iter().map_while(Part::field).map(str::to_owned).collect());
            in_steps(path, names);
        }
        ExprKind::Access(base, path) => {
            add(base, names);
            in_steps(path, names);
        }
        _ => expr.children().into_iter().for_each(|child| add(child, names)),
    }
}

/// Names in `[WHERE …]` and in `.{…}` are not the row's.
fn in_steps(path: &Path, names: &mut BTreeSet<Vec<String>>) {
    for part in &path.parts {
        match &part.kind {
            PartKind::Index(expr) => add(expr, names),
            PartKind::Method(_, arguments) => arguments.iter().for_each(|argument| add(argument, names)),
            PartKind::Field(_)
            | PartKind::All
            | PartKind::Last
            | PartKind::Where(_)
            | PartKind::Destructure(_)
            | PartKind::Optional
            | PartKind::Flatten => {}
        }
    }
}
