pub struct Write {}
pub struct Written {}
pub struct Step {}
pub struct Change {}
pub struct Current {}
pub struct Decide {}
