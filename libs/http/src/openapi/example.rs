//! An example for each body, made of those that stand in its schema.

use serde_json::{Map, Value};

/// The example of a schema. `root` is the document to which references lead. None where a part has none.
pub(super) fn of(root: &Value, schema: &Value) -> Option<Value> {
    of_depth(root, schema, 0)
}

/// A schema may lead back to itself.
const DEPTH: usize = 16;

fn of_depth(root: &Value, schema: &Value, depth: usize) -> Option<Value> {
    if depth > DEPTH {
        return None;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return of_depth(root, root.pointer(reference.strip_prefix('#')?)?, depth + 1);
    }
    let given = [schema.get("example"), schema.pointer("/examples/0"), schema.get("default"), schema.pointer("/enum/0")];
    if let Some(given) = given.into_iter().flatten().next() {
        return Some(given.clone());
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[several].as_array() {
            return parts.iter().find_map(|part| of_depth(root, part, depth + 1));
        }
    }
    match schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str())? {
        "array" => Some(Value::Array(of_depth(root, &schema["items"], depth + 1).into_iter().collect())),
        "boolean" => Some(Value::Bool(false)),
        "object" => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let members = required.map(|name| Some((name.to_owned(), of_depth(root, &schema["properties"][name], depth + 1)?)));
            members.collect::<Option<Map<_, _>>>().map(Value::Object)
        }
        _ => None,
    }
}
