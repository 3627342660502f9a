//! What an answer says beside its data.

/// What a warning is about, as it stands in answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WarningCode {
    /// The filter failed on records that were looked at.
    FilterFailed,
    /// A comparison can match nothing because of the kinds of its sides.
    Kind,
    /// No record that the caller may know of ever had a field of that name.
    UnknownField,
    /// A body holds a value of the system that is not the one that is stored.
    SystemValue,
}

impl WarningCode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FilterFailed => "FILTER_FAILED",
            Self::Kind => "KIND",
            Self::UnknownField => "UNKNOWN_FIELD",
            Self::SystemValue => "SYSTEM_VALUE",
        }
    }
}

/// Nothing is wrong with the answer, but the caller probably wants to know this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub code: WarningCode,
    pub message: String,
    /// The field that it is about.
    pub field: Option<String>,
    /// How many records it is about.
    pub count: Option<u64>,
    /// How many records it is about at least, where not all were looked at.
    pub at_least: Option<u64>,
}

impl Warning {
    pub fn new(code: WarningCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), field: None, count: None, at_least: None }
    }

    pub fn of_field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// Appends the warning as JSON.
    pub fn write(&self, out: &mut Vec<u8>) {
        let member = |name: &str, out: &mut Vec<u8>| {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
        };
        out.extend_from_slice(b"{\"code\":");
        crate::json::write_string(self.code.as_str(), out);
        member("message", out);
        crate::json::write_string(&self.message, out);
        if let Some(field) = &self.field {
            member("field", out);
            crate::json::write_string(field, out);
        }
        for (name, number) in [("count", self.count), ("at_least", self.at_least)] {
            if let Some(number) = number {
                member(name, out);
                out.extend_from_slice(number.to_string().as_bytes());
            }
        }
        out.push(b'}');
    }

    /// Appends `,"warnings":[…]`, or nothing where there is none.
    pub fn write_member(warnings: &[Self], out: &mut Vec<u8>) {
        for (position, warning) in warnings.iter().enumerate() {
            out.extend_from_slice(if position == 0 { b",\"warnings\":[" } else { b"," });
            warning.write(out);
        }
        if !warnings.is_empty() {
            out.push(b']');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_a_member_of_the_answer_where_there_are_any() {
        let mut out = Vec::new();
        Warning::write_member(&[], &mut out);
        assert!(out.is_empty());
        let failed = Warning { at_least: Some(3), ..Warning::new(WarningCode::FilterFailed, "x") };
        Warning::write_member(&[Warning::new(WarningCode::Kind, "a \"b\"").of_field("due"), failed], &mut out);
        assert_eq!(
            String::from_utf8(out).expect("UTF-8"),
            r#","warnings":[{"code":"KIND","message":"a \"b\"","field":"due"},{"code":"FILTER_FAILED","message":"x","at_least":3}]"#
        );
    }
}
