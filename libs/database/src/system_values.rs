//! What a body says of the values that the server sets: `id`, `_owner`, `_tx`, `_expires`, `created`, `updated`.

use ddb_core::json::Json;
use ddb_core::{Datetime, Error, Object, RecordId, RecordKey, Result, TableName, Warning, WarningCode};
use ddb_store::{Current, Record};

use crate::body_place::BodyPlace;
use crate::given::Given;
use crate::record_body::{self, take};

/// The names of system values that a record may also have fields for.
const TIMES: [&str; 2] = ["created", "updated"];

/// What a change says of system values: a caller may send back what it read.
#[derive(Debug, Clone, Default)]
pub(crate) struct SystemValues {
    id: Option<Json>,
    owner: Option<Option<RecordId>>,
    /// Whether the body holds `_expires`.
    pub(crate) keeps_expiry: bool,
}

impl SystemValues {
    pub(crate) fn take(entries: &mut Vec<(String, Json)>) -> Result<Self> {
        let id = take(entries, "id");
        if let Some(Json::Null | Json::Bool(_) | Json::Float(_)) = id {
            return Err(Error::invalid("id", "TYPE", "`id` is the record's key or full id"));
        }
        // It is the number of the record's last change, which no body can set.
        take(entries, "_tx");
        let owner = take(entries, "_owner").map(owner).transpose()?;
        let keeps_expiry = match take(entries, "_expires") {
            None => false,
            Some(Json::Null) => true,
            Some(json) => match Given::read(json, &BodyPlace::of("_expires"))?.datetime() {
                Some(_) => true,
                None => return Err(Error::invalid("_expires", "RESERVED", "`_expires` is set by the server: `$ttl` changes it")),
            },
        };
        Ok(Self { id, owner, keeps_expiry })
    }

    /// 422 where the body names another record than this one.
    pub(crate) fn check_id(&self, id: &RecordId) -> Result<()> {
        match &self.id {
            Some(json) if record_body::key(&id.table, json.clone())? != id.key => Err(Error::invalid(
                "id",
                "MISMATCH",
                format!("`id` names another record than {}, which the request is about", id.plain()),
            )),
            _ => Ok(()),
        }
    }

    /// 422 where the body names another owner than this one.
    pub(crate) fn check_owner(&self, owner: Option<&RecordKey>) -> Result<()> {
        let Some(given) = &self.owner else { return Ok(()) };
        let is_same = match (given, owner) {
            (None, None) => true,
            (Some(given), Some(owner)) => given.table == TableName::user() && given.key == *owner,
            (None, Some(_)) | (Some(_), None) => false,
        };
        if is_same {
            return Ok(());
        }
        Err(Error::invalid("_owner", "RESERVED", "`_owner` is not the record's owner: a write does not change the owner"))
    }
}

fn owner(mut json: Json) -> Result<Option<RecordId>> {
    if json == Json::Null {
        return Ok(None);
    }
    // An expanded link is the record's `id`.
    if let Json::Object(entries) = &mut json
        && let Some(id) = take(entries, "id")
    {
        json = id;
    }
    let given = Given::read(json, &BodyPlace::of("_owner"))?;
    match given.record_id() {
        Some(id) => Ok(Some(id.into_owned())),
        None => Err(Error::invalid("_owner", "RESERVED", "`_owner` is set by the server; a body may only repeat it")),
    }
}

/// A record that is created keeps no expiry.
pub(crate) fn no_expiry_yet() -> Error {
    Error::invalid("_expires", "RESERVED", "there is no record yet whose expiry could stay; `$ttl` sets one")
}

pub(crate) fn is_time(name: &str) -> bool {
    TIMES.contains(&name)
}

/// Whether what a change gives under this name is a field of the record, and not the system value of that name sent back. Warns the caller
/// of what is ignored. `given` is None for what is no plain value, such as an operator.
pub(crate) fn is_field(name: &str, given: Option<&Given>, record: &Record, current: &Current<'_>) -> bool {
    let (system, may_begin) = match name {
        "created" => (record.created, current.own_times.created),
        "updated" => (record.updated, current.own_times.updated),
        _ => return true,
    };
    if record.fields.contains_key(name) {
        return true;
    }
    match given.and_then(Given::datetime) {
        Some((datetime, _)) if datetime == Datetime::from_timestamp(system) => false,
        Some((_, true)) => {
            let message = format!("the server sets `{name}`; it ignored the value in the body, which is not the stored one");
            current.warn(Warning::new(WarningCode::SystemValue, message).of_field(name));
            false
        }
        _ if may_begin => true,
        _ => {
            warn_of_name(name, current);
            false
        }
    }
}

/// Leaves out of a new record the fields whose names only some callers may begin, and warns the caller of them.
pub(crate) fn keep_own_alone(fields: &mut Object, current: &Current<'_>) {
    for (name, may_begin) in [("created", current.own_times.created), ("updated", current.own_times.updated)] {
        if !may_begin && fields.remove(name).is_some() {
            warn_of_name(name, current);
        }
    }
}

/// Plain RFC 3339 text under these names is a datetime in a new record.
pub(crate) fn read_times(entries: &mut [(String, Json)]) {
    for (name, json) in entries {
        if is_time(name)
            && let Json::String(text) = json
            && Datetime::parse(text).is_ok()
        {
            let text = std::mem::take(text);
            *json = Json::Object(vec![("$datetime".to_owned(), Json::String(text))]);
        }
    }
}

fn warn_of_name(name: &str, current: &Current<'_>) {
    let message = format!(
        "the server sets `{name}`; it ignored the value in the body. Only an admin or the account that made the table can give a record a \
         field of that name"
    );
    current.warn(Warning::new(WarningCode::SystemValue, message).of_field(name));
}
