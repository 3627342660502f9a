/// What every process of an installation must agree on about access tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticatorConfig {
    /// The claim `iss` (`DDB_ISSUER`): a token with another one is refused.
    pub issuer: String,
    /// Whether the role `root` counts (`DDB_ROOT`).
    pub root: bool,
}

impl Default for AuthenticatorConfig {
    fn default() -> Self {
        Self { issuer: "darshjdb".to_owned(), root: true }
    }
}
