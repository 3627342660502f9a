use ddb_core::TableName;

/// The kind that a cast makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Any,
    None,
    Null,
    Bool,
    Int,
    Float,
    Decimal,
    Number,
    String,
    Duration,
    Datetime,
    Uuid,
    Bytes,
    Object,
    Range,
    /// Kinds of geometry by their names (`point`); none for any.
    Geometry(Vec<GeometryKind>),
    /// The tables that are meant; none for any.
    Record(Vec<TableName>),
    /// Of which items, and how many at most.
    Array(Box<Kind>, Option<u64>),
    Set(Box<Kind>, Option<u64>),
    /// Two or more.
    Either(Vec<Kind>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometryKind {
    Point,
    Line,
    Polygon,
    MultiPoint,
    MultiLine,
    MultiPolygon,
    Collection,
}

impl Kind {
    /// The kinds that are a name alone.
    pub(crate) const SIMPLE: [(&'static str, Kind); 15] = [
        ("any", Kind::Any),
        ("none", Kind::None),
        ("null", Kind::Null),
        ("bool", Kind::Bool),
        ("int", Kind::Int),
        ("float", Kind::Float),
        ("decimal", Kind::Decimal),
        ("number", Kind::Number),
        ("string", Kind::String),
        ("duration", Kind::Duration),
        ("datetime", Kind::Datetime),
        ("uuid", Kind::Uuid),
        ("bytes", Kind::Bytes),
        ("object", Kind::Object),
        ("range", Kind::Range),
    ];
}

impl GeometryKind {
    pub(crate) const ALL: [(&'static str, GeometryKind); 7] = [
        ("point", GeometryKind::Point),
        ("line", GeometryKind::Line),
        ("polygon", GeometryKind::Polygon),
        ("multipoint", GeometryKind::MultiPoint),
        ("multiline", GeometryKind::MultiLine),
        ("multipolygon", GeometryKind::MultiPolygon),
        ("collection", GeometryKind::Collection),
    ];
}
