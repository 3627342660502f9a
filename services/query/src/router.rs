use axum::extract::FromRef;
use ddb_database::{Authenticator, Database};
use ddb_http::limit::Limiter;
use ddb_http::{Chapter, Routes, routes};
use ddb_runtime::Shared;

use crate::routes::{self, admin, audit, data, jobs, schema};

/// What the handlers need.
#[derive(Clone)]
pub(crate) struct State {
    database: Database,
    authenticator: Authenticator,
    limiter: Limiter,
}

pub(crate) fn routes(shared: &Shared) -> Routes {
    let state =
        State { database: shared.database.clone(), authenticator: shared.authenticator.clone(), limiter: shared.limiter.clone() };
    Routes::new()
        .chapter(
            "records",
            "Records by key, and lists of them. The first record makes its table. A record belongs to the account that created it.",
        )
        .chapter("queries", "Reads from several tables, and several writes in one transaction.")
        .chapter("schema", "Tables, fields and indexes. Only admins may call these.")
        .chapter("audit", "The log of transactions and its hash chain: which account did what, and the proofs.")
        .chapter("administration", "Erasure, limits and namespaces. Only admins and root may call these.")
        .with(routes!(data::create, data::list))
        .with(routes!(data::get, data::merge, data::replace, data::delete))
        .with(routes!(data::history))
        .with(routes!(data::restore))
        .with(routes!(data::undelete))
        .with(routes!(routes::query))
        .with(routes!(routes::batch))
        .with(routes!(routes::mutate))
        .with(routes!(schema::list, schema::change_all))
        .with(routes!(schema::get, schema::change))
        .with(routes!(schema::define_index, schema::list_indexes))
        .with(routes!(schema::remove_index))
        .with(routes!(audit::activity))
        .with(routes!(audit::head))
        .with(routes!(audit::tx))
        .with(routes!(audit::proof))
        .with(routes!(audit::verify))
        .with(routes!(jobs::get))
        .with(routes!(admin::erase))
        .with(routes!(admin::erasures))
        .with(routes!(admin::limits::get, admin::limits::change))
        .with(routes!(admin::quotas::get, admin::quotas::change))
        .with(routes!(admin::namespaces::create, admin::namespaces::list))
        .with(routes!(admin::namespaces::remove))
        .with_guide(&guide())
        .with_state(state)
}

/// The guide, in the order in which it is read. Each request of it is made by `services/darshjdb/tests/guide.rs`.
fn guide() -> [Chapter; 8] {
    // The language stands where it is built, and is tested there. What stands before it is for those who build it.
    let language = include_str!("../../../libs/darshjql/README.md");
    let language = language.find(LANGUAGE).map_or(LANGUAGE, |begin| &language[begin..]);
    [
        Chapter { id: "start", markdown: include_str!("../guide/start.md") },
        Chapter { id: "values", markdown: include_str!("../guide/values.md") },
        Chapter { id: "filters", markdown: include_str!("../guide/filters.md") },
        Chapter { id: "language", markdown: language },
        Chapter { id: "links", markdown: include_str!("../guide/links.md") },
        Chapter { id: "paging", markdown: include_str!("../guide/paging.md") },
        Chapter { id: "time-travel", markdown: include_str!("../guide/time-travel.md") },
        Chapter { id: "errors", markdown: include_str!("../guide/errors.md") },
    ]
}

const LANGUAGE: &str = "# The language\n";

impl FromRef<State> for Database {
    fn from_ref(state: &State) -> Self {
        state.database.clone()
    }
}

impl FromRef<State> for Authenticator {
    fn from_ref(state: &State) -> Self {
        state.authenticator.clone()
    }
}

impl FromRef<State> for Limiter {
    fn from_ref(state: &State) -> Self {
        state.limiter.clone()
    }
}
