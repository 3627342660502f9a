use ddb_core::Value;

/// Whether a condition with this value holds: not so are NONE, NULL, false, zero, the empty string, and empty arrays, sets and objects.
pub fn is_truthy(value: &Value) -> bool {
    match value {
        Value::None | Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Int(int) => *int != 0,
        Value::Float(float) => *float != 0.0,
        Value::Decimal(decimal) => !decimal.is_zero(),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) | Value::Set(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Duration(_)
        | Value::Datetime(_)
        | Value::Uuid(_)
        | Value::Geometry(_)
        | Value::Bytes(_)
        | Value::Table(_)
        | Value::Record(_)
        | Value::Range(_) => true,
    }
}
