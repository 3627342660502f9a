//! The kinds that are stored at a path whose positions are left out.

use std::collections::{BTreeMap, HashSet};
use std::mem::{Discriminant, discriminant};

use ddb_core::json::{self, Json};
use ddb_core::{RecordId, Value};
use ddb_darshjql::{parse_record_id, parse_value};

/// The kinds of all values at a path, such as `items.author` for every author of the items.
#[derive(Debug, Default)]
pub(crate) struct StoredKinds<'a> {
    kind: Option<Discriminant<Value>>,
    /// One of the values; of floats one that is not finite, if there is any.
    sample: Option<&'a Value>,
    is_mixed: bool,
    links: HashSet<&'a RecordId>,
    members: BTreeMap<&'a str, StoredKinds<'a>>,
    items: Option<Box<StoredKinds<'a>>>,
}

impl<'a> StoredKinds<'a> {
    pub(crate) fn of_items(items: &'a [Value]) -> Self {
        let mut kinds = Self::default();
        items.iter().for_each(|item| kinds.add(item));
        kinds
    }

    /// Null is no kind that anything could be read as.
    fn add(&mut self, value: &'a Value) {
        if matches!(value, Value::None | Value::Null) {
            return;
        }
        let kind = discriminant(value);
        self.is_mixed |= self.kind.is_some_and(|known| known != kind);
        self.kind = Some(kind);
        let is_finite = !matches!(value, Value::Float(float) if !float.is_finite());
        if self.sample.is_none() || !is_finite {
            self.sample = Some(value);
        }
        match value {
            Value::Record(id) => {
                self.links.insert(id);
            }
            Value::Object(object) => {
                for (name, value) in object {
                    self.members.entry(name).or_default().add(value);
                }
            }
            Value::Array(items) | Value::Set(items) => {
                let kinds = self.items.get_or_insert_default();
                items.iter().for_each(|item| kinds.add(item));
            }
            _ => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kind.is_none()
    }

    /// Whether values of several kinds stand at the path, so that positions stay in it.
    pub(crate) fn is_mixed(&self) -> bool {
        self.is_mixed
    }

    /// Whether values of several kinds stand at a path below this one.
    pub(crate) fn is_mixed_inside(&self) -> bool {
        let inside = self.members.values().chain(self.items.as_deref());
        !self.is_mixed && inside.into_iter().any(|kinds| kinds.is_mixed || kinds.is_mixed_inside())
    }

    /// A value of the kind, where it is one kind.
    pub(crate) fn sample(&self) -> Option<&'a Value> {
        self.sample.filter(|_| !self.is_mixed)
    }

    pub(crate) fn text_kind(&self) -> Option<TextKind> {
        self.sample().and_then(TextKind::of)
    }

    pub(crate) fn link(&self, id: &RecordId) -> Option<&'a RecordId> {
        self.links.get(id).copied()
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Self> {
        self.members.get(name)
    }

    pub(crate) fn items(&self) -> Option<&Self> {
        self.items.as_deref()
    }
}

/// A kind that plain answers show as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextKind {
    Record,
    Datetime,
    Uuid,
    Duration,
    Decimal,
    Bytes,
    Range,
    Table,
    /// NaN and the infinities.
    NonFinite,
}

impl TextKind {
    pub(crate) fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Record(_) => Some(Self::Record),
            Value::Datetime(_) => Some(Self::Datetime),
            Value::Uuid(_) => Some(Self::Uuid),
            Value::Duration(_) => Some(Self::Duration),
            Value::Decimal(_) => Some(Self::Decimal),
            Value::Bytes(_) => Some(Self::Bytes),
            Value::Range(_) => Some(Self::Range),
            Value::Table(_) => Some(Self::Table),
            Value::Float(float) if !float.is_finite() => Some(Self::NonFinite),
            Value::None
            | Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Set(_)
            | Value::Object(_)
            | Value::Geometry(_) => None,
        }
    }

    /// The value of this kind that the text reads as, as the kind's tag reads it.
    pub(crate) fn read(self, text: &str) -> Option<Value> {
        let tag = match self {
            Self::Record => "$record",
            Self::Datetime => "$datetime",
            Self::Uuid => "$uuid",
            Self::Duration => "$duration",
            Self::Decimal => "$decimal",
            Self::Bytes => "$bytes",
            Self::Table => "$table",
            Self::Range => return parse_value(text).ok().filter(|value| matches!(value, Value::Range(_))),
            Self::NonFinite if !matches!(text, "NaN" | "inf" | "-inf") => return None,
            Self::NonFinite => "$float",
        };
        let tagged = Json::Object(vec![(tag.to_owned(), Json::String(text.to_owned()))]);
        json::to_value(tagged, "", parse_record_id).ok()
    }
}
