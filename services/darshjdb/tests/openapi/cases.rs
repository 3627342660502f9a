//! What each operation answers to whom. An operation of the document that does not stand here fails the walk.

/// Who may call an operation as its example has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Anybody,
    /// The account to which what is asked for belongs.
    Owner,
    Admin,
}

pub(crate) struct Case {
    pub(crate) operation: &'static str,
    pub(crate) by: By,
    /// The same call without a token.
    pub(crate) anonymous: u16,
    /// The same call by an account to which nothing of it belongs, and which is no admin.
    pub(crate) other_user: u16,
    /// The part of the path that names the thing, and a name that nothing has; None where a call names nothing that could be absent but the namespace.
    pub(crate) absent: Option<(&'static str, &'static str)>,
}

const fn case(
    operation: &'static str,
    by: By,
    anonymous: u16,
    other_user: u16,
    absent: Option<(&'static str, &'static str)>,
) -> Case {
    Case { operation, by, anonymous, other_user, absent }
}

const KEY: Option<(&str, &str)> = Some(("key", "absent"));
const TABLE: Option<(&str, &str)> = Some(("table", "absent"));
const NUMBER: &str = "999999999";

pub(crate) const CASES: &[Case] = &[
    // accounts
    case("signUp", By::Anybody, 201, 409, None),
    case("signIn", By::Anybody, 200, 401, None),
    case("refresh", By::Anybody, 200, 401, None),
    case("signOut", By::Owner, 401, 204, None),
    case("getMe", By::Owner, 401, 200, None),
    case("changeMe", By::Owner, 401, 200, None),
    case("eraseMe", By::Owner, 401, 204, None),
    case("exportMe", By::Owner, 401, 200, None),
    case("changePassword", By::Owner, 401, 422, None),
    case("listSessions", By::Owner, 401, 200, None),
    case("endSessions", By::Owner, 401, 204, None),
    case("endSession", By::Owner, 401, 404, Some(("id", "0b5cf2bf-6c2c-4f2a-8c94-3a2f8cf1f9b0"))),
    case("getKeys", By::Anybody, 200, 200, None),
    // records
    case("createRecords", By::Owner, 401, 409, None),
    case("listRecords", By::Owner, 200, 200, None),
    case("getRecord", By::Owner, 404, 404, KEY),
    case("mergeRecord", By::Owner, 404, 404, KEY),
    case("replaceRecord", By::Owner, 404, 404, KEY),
    case("deleteRecord", By::Owner, 404, 404, KEY),
    case("listVersions", By::Owner, 404, 404, KEY),
    case("restoreRecord", By::Owner, 404, 404, KEY),
    case("undeleteRecord", By::Owner, 404, 404, KEY),
    // queries
    case("query", By::Owner, 200, 200, None),
    case("mutate", By::Owner, 401, 404, None),
    case("batch", By::Owner, 401, 404, None),
    // schema
    case("listTables", By::Admin, 401, 403, None),
    case("getTable", By::Admin, 401, 403, TABLE),
    case("changeTable", By::Admin, 401, 403, TABLE),
    case("changeTables", By::Admin, 401, 403, None),
    case("listIndexes", By::Admin, 401, 403, TABLE),
    case("defineIndex", By::Admin, 401, 403, None),
    case("removeIndex", By::Admin, 401, 403, Some(("name", "absent"))),
    // audit
    case("listActivity", By::Owner, 200, 200, None),
    case("getHead", By::Admin, 401, 403, None),
    case("getTransaction", By::Owner, 404, 404, Some(("tx", NUMBER))),
    case("getProof", By::Owner, 404, 404, KEY),
    case("verify", By::Admin, 401, 403, None),
    case("getJob", By::Admin, 404, 404, Some(("job", NUMBER))),
    // administration
    case("erase", By::Admin, 401, 403, None),
    case("listErasures", By::Admin, 401, 403, None),
    case("getLimits", By::Admin, 401, 403, None),
    case("changeLimits", By::Admin, 401, 403, None),
    case("getQuotas", By::Admin, 401, 403, None),
    case("changeQuotas", By::Admin, 401, 403, None),
    case("createNamespace", By::Admin, 401, 403, None),
    case("listNamespaces", By::Admin, 401, 403, None),
    case("removeNamespace", By::Admin, 401, 403, Some(("namespace", "nowhere"))),
    // probes and documentation
    case("getHealth", By::Anybody, 200, 200, None),
    case("getReadiness", By::Anybody, 200, 200, None),
    case("getMetrics", By::Admin, 401, 403, None),
    case("getFrontPage", By::Anybody, 200, 200, None),
    case("getOpenApi", By::Anybody, 200, 200, None),
    case("getDocs", By::Anybody, 200, 200, None),
];

/// What no parameter of a query string takes, by the parameter's name. A documented parameter that does not stand here fails the walk.
pub(crate) const BAD_PARAMETERS: &[(&str, &str)] = &[
    ("at", "yesterday"),
    ("count", "all"),
    ("cursor", "x"),
    ("expand", ","),
    ("fields", ","),
    ("key", ""),
    ("limit", "0"),
    ("order", "-"),
    ("owner", "tasks:1"),
    ("table", "-"),
    ("to", "0"),
    ("tx", "0"),
    ("user", "tasks:1"),
    ("vars", "["),
    ("where", "status ="),
];

/// What no part of a path can be, by the part's name; every part refuses what is no UTF-8.
pub(crate) const BAD_PARTS: &[(&str, &str)] = &[("table", "-"), ("tx", "0"), ("job", "x"), ("namespace", "-")];
