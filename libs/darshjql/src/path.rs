use crate::{Expr, Span};

/// Steps from a row, or from a value, to what is inside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// At least one; a path from a row begins with a field.
    pub parts: Vec<Part>,
}

/// A step and where it stood. Equality ignores the place.
#[derive(Debug, Clone)]
pub struct Part {
    pub kind: PartKind,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKind {
    /// `.name`
    Field(String),
    /// `.*` and `[*]`
    All,
    /// `[$]`
    Last,
    /// `[…]`: an int is a position, a range a slice, a string a field.
    Index(Expr),
    /// `[WHERE …]` and `[? …]`
    Where(Expr),
    /// `.{a, b.{c}, d: e.f}`
    Destructure(Vec<DestructuredField>),
    /// `.?`: ends the path where there is nothing.
    Optional,
    /// `…` and `...`
    Flatten,
    /// `.name(…)`, the name in small letters.
    Method(String, Vec<Expr>),
}

/// A field of what a destructuring makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DestructuredField {
    pub name: String,
    pub path: Path,
}

impl Path {
    /// The names of a path that consists of fields alone.
    pub fn fields(&self) -> Option<Vec<&str>> {
        self.parts.iter().map(Part::field).collect()
    }

    /// The expressions that stand in the steps.
    pub fn children(&self) -> Vec<&Expr> {
        self.parts.iter().flat_map(Part::children).collect()
    }

    /// The same, to be changed in place.
    pub fn children_mut(&mut self) -> Vec<&mut Expr> {
        self.parts.iter_mut().flat_map(Part::children_mut).collect()
    }
}

impl Part {
    pub fn new(kind: PartKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The name of a field's step.
    pub fn field(&self) -> Option<&str> {
        match &self.kind {
            PartKind::Field(name) => Some(name),
            _ => None,
        }
    }

    fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            PartKind::Field(_) | PartKind::All | PartKind::Last | PartKind::Optional | PartKind::Flatten => Vec::new(),
            PartKind::Index(expr) | PartKind::Where(expr) => vec![expr],
            PartKind::Destructure(fields) => fields.iter().flat_map(|field| field.path.children()).collect(),
            PartKind::Method(_, arguments) => arguments.iter().collect(),
        }
    }

    fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.kind {
            PartKind::Field(_) | PartKind::All | PartKind::Last | PartKind::Optional | PartKind::Flatten => Vec::new(),
            PartKind::Index(expr) | PartKind::Where(expr) => vec![expr],
            PartKind::Destructure(fields) => fields.iter_mut().flat_map(|field| field.path.children_mut()).collect(),
            PartKind::Method(_, arguments) => arguments.iter_mut().collect(),
        }
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Part {}
