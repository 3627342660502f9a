use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOperator {
    Negate,
    Plus,
    Not,
}

/// Operators between two expressions; `AND` and `OR` are kinds of expression of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `??`: the left side unless it is NONE or NULL.
    Coalesce,
    /// `?:`: the left side if it is truthy.
    Elvis,
    Equal,
    NotEqual,
    /// `?=`
    AnyEqual,
    /// `*=`
    AllEqual,
    /// `~`
    Like,
    /// `!~`
    NotLike,
    /// `?~`
    AnyLike,
    /// `*~`
    AllLike,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    AllInside,
    AnyInside,
    NoneInside,
    Contains,
    ContainsNot,
    ContainsAll,
    ContainsAny,
    ContainsNone,
    Outside,
    Intersects,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

/// How tightly an operator holds its operands, the loosest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Binding {
    Nullish,
    Or,
    And,
    Equality,
    Relation,
    Sum,
    Product,
    Power,
    Cast,
    Range,
    Unary,
    Postfix,
}

impl UnaryOperator {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negate => "-",
            Self::Plus => "+",
            Self::Not => "!",
        }
    }
}

impl BinaryOperator {
    /// The operator as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Coalesce => "??",
            Self::Elvis => "?:",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::AnyEqual => "?=",
            Self::AllEqual => "*=",
            Self::Like => "~",
            Self::NotLike => "!~",
            Self::AnyLike => "?~",
            Self::AllLike => "*~",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "IN",
            Self::NotIn => "NOT IN",
            Self::AllInside => "ALLINSIDE",
            Self::AnyInside => "ANYINSIDE",
            Self::NoneInside => "NONEINSIDE",
            Self::Contains => "CONTAINS",
            Self::ContainsNot => "CONTAINSNOT",
            Self::ContainsAll => "CONTAINSALL",
            Self::ContainsAny => "CONTAINSANY",
            Self::ContainsNone => "CONTAINSNONE",
            Self::Outside => "OUTSIDE",
            Self::Intersects => "INTERSECTS",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "**",
        }
    }

    pub(crate) fn binding(self) -> Binding {
        match self {
            Self::Coalesce | Self::Elvis => Binding::Nullish,
            Self::Equal
            | Self::NotEqual
            | Self::AnyEqual
            | Self::AllEqual
            | Self::Like
            | Self::NotLike
            | Self::AnyLike
            | Self::AllLike => Binding::Equality,
            Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual
            | Self::In
            | Self::NotIn
            | Self::AllInside
            | Self::AnyInside
            | Self::NoneInside
            | Self::Contains
            | Self::ContainsNot
            | Self::ContainsAll
            | Self::ContainsAny
            | Self::ContainsNone
            | Self::Outside
            | Self::Intersects => Binding::Relation,
            Self::Add | Self::Subtract => Binding::Sum,
            Self::Multiply | Self::Divide | Self::Remainder => Binding::Product,
            Self::Power => Binding::Power,
        }
    }
}

impl Binding {
    /// The next tighter one.
    pub(crate) fn tighter(self) -> Self {
        match self {
            Self::Nullish => Self::Or,
            Self::Or => Self::And,
            Self::And => Self::Equality,
            Self::Equality => Self::Relation,
            Self::Relation => Self::Sum,
            Self::Sum => Self::Product,
            Self::Product => Self::Power,
            Self::Power => Self::Cast,
            Self::Cast => Self::Range,
            Self::Range => Self::Unary,
            Self::Unary | Self::Postfix => Self::Postfix,
        }
    }
}

impl fmt::Display for UnaryOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for BinaryOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
