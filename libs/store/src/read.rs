/// A page of a table by key.
pub struct ListQuery {}
