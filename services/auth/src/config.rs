use zeroize::Zeroizing;

/// The settings of this service.
#[derive(Clone)]
pub struct Config {
    /// The claim `iss` of the tokens (`DDB_ISSUER`): the same as in every process' `AuthenticatorConfig`.
    pub issuer: String,
    /// Made at start where the database has no admin yet (`DDB_ADMIN_EMAIL`, `DDB_ADMIN_PASSWORD`).
    pub first_admin: Option<FirstAdmin>,
    /// Sign-ups that one address may make in an hour (`DDB_SIGNUP_LIMIT`); 0: as many as it likes.
    pub sign_ups_per_hour: u32,
}

#[derive(Clone)]
pub struct FirstAdmin {
    pub email: String,
    pub password: Zeroizing<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self { issuer: "darshjdb".to_owned(), first_admin: None, sign_ups_per_hour: 100 }
    }
}
