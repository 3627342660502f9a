//! What the writes of a group add to their namespace besides records: tables and names of fields, and who may.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ddb_core::{Error, ErrorCode, RecordId, RecordKey, Result, TableId, TableName};

use super::slots::{Entity, Slots};
use crate::allowance::Made;
use crate::dictionary::{Attribute, Attributes};
use crate::{Allowance, MAX_FIELDS, NewFields, NewTables, record};

/// Names that one account gives to a table that is not its own; all sign-ups together count as one account.
const SHARE: usize = 100;
/// Names that all of them give to it, so that whoever made it and the admins have the rest.
const SHARE_OF_ALL: usize = MAX_FIELDS / 2;
/// Stands for the account that a sign-up is about to make.
const SIGN_UPS: i64 = 0;
/// Names that one sign-up gives to profiles: whoever signs up is not known yet, and should not use up the names for all who come.
const SHARE_OF_SIGN_UP: usize = 8;
/// The first field of such a name in a table changes the definitions of the namespace.
const SYSTEM_VALUES: [&str; 2] = ["created", "updated"];

/// What is known of the tables of a group.
#[derive(Default)]
pub(super) struct Tables {
    /// Who made each one that exists; None: the system.
    pub(super) made_by: HashMap<TableId, Option<Arc<str>>>,
    /// How many each account has made, where the group would make some.
    pub(super) made: HashMap<Arc<str>, usize>,
}

/// A table that is made for a write which would succeed.
#[derive(Debug, Clone)]
pub(super) struct NewTable {
    pub(super) name: TableName,
    pub(super) actor: Option<RecordKey>,
    pub(super) allowed: NewTables,
}

/// The tables that the writes evaluated so far would make.
#[derive(Default)]
pub(super) struct Additions {
    pub(super) tables: Vec<(TableId, NewTable)>,
}

/// Who writes, as far as what he adds counts.
#[derive(Clone, Copy)]
pub(super) struct Author<'a> {
    pub(super) actor: Option<&'a RecordKey>,
    pub(super) entity: Option<Entity>,
    pub(super) allowance: Allowance,
}

impl Tables {
    pub(super) fn made_so_far(&self, actor: Option<&RecordKey>) -> Made {
        let of_actor = actor.and_then(|actor| self.made.get(account(actor).as_str())).copied().unwrap_or(0);
        Made { in_namespace: self.made.values().sum(), of_actor }
    }
}

impl Additions {
    /// Whether the write may make a table, on top of those that the writes before it and itself (`new`) make.
    pub(super) fn check_table(&self, known: &Tables, new: &[(TableId, NewTable)], table: &NewTable) -> Result<()> {
        let mut made = known.made_so_far(table.actor.as_ref());
        for (_, earlier) in self.tables.iter().chain(new) {
            if earlier.actor.is_some() {
                made.in_namespace += 1;
                made.of_actor += usize::from(earlier.actor == table.actor);
            }
        }
        table.allowed.check(&table.name, made)
    }

    pub(super) fn makes(&self, table: TableId) -> bool {
        self.tables.iter().any(|(made, _)| *made == table)
    }

    /// Who made a table or, of one that is yet to be made, whose write makes it first.
    fn is_of(&self, known: &Tables, table: TableId, author: &Author<'_>) -> bool {
        if Slots::is_yet_to_be_made(table) {
            let maker = self.tables.iter().find(|(made, _)| *made == table).map(|(_, new)| new.actor.as_ref());
            return author.actor.is_some() && maker.is_none_or(|maker| maker == author.actor);
        }
        let maker = known.made_by.get(&table).cloned().flatten();
        author.actor.is_some_and(|actor| maker.is_some_and(|maker| *maker == *account(actor)))
    }

    /// Whose share the new names of a table count against; None: nobody's.
    pub(super) fn share(&self, known: &Tables, table: TableId, author: &Author<'_>) -> Option<i64> {
        match author.allowance.fields {
            NewFields::Any => None,
            NewFields::Share if self.is_of(known, table, author) => None,
            NewFields::Share => Some(author.entity.map_or(SIGN_UPS, |entity| entity.id.0)),
        }
    }
}

/// Whether a table may have these new names, on top of those that it has (`attributes`) and those that the group gives it (`of_group`).
pub(super) fn check_names(
    table: (TableId, &TableName),
    new: &HashSet<&str>,
    share: Option<i64>,
    attributes: &Attributes,
    of_group: &HashMap<(TableId, String), Attribute>,
) -> Result<()> {
    let (id, name) = table;
    let of_group = || of_group.iter().filter(|((table, _), _)| *table == id).map(|(_, attribute)| attribute);
    if attributes.count(id) + of_group().count() + new.len() > MAX_FIELDS {
        return Err(record::too_many_fields());
    }
    let Some(share) = share else { return Ok(()) };
    if let Some(system) = SYSTEM_VALUES.iter().find(|system| new.contains(**system)) {
        let message = format!(
            "`{system}` is a time that the server keeps for every record of table `{name}`; only an admin or the account that made the table \
             can begin a field of that name in it"
        );
        return Err(Error::new(ErrorCode::PermissionDenied, message));
    }
    // Every sign-up may bring a name.
    let new = new.iter().filter(|field| share != SIGN_UPS || **field != "name").count();
    let shares = || attributes.named_by(id).chain(of_group().filter_map(|attribute| attribute.named_by));
    let own = shares().filter(|by| *by == share).count() + new;
    if share == SIGN_UPS && new > SHARE_OF_SIGN_UP {
        let message = format!(
            "a sign-up names at most {SHARE_OF_SIGN_UP} fields that no profile has had; an admin names more by writing a record of `{name}` that has them"
        );
        return Err(Error::new(ErrorCode::QuotaExceeded, message));
    }
    if new > 0 && own > SHARE {
        let message = format!(
            "an account names at most {SHARE} fields of a table that another one made; an admin or the account that made `{name}` can name more"
        );
        return Err(Error::new(ErrorCode::QuotaExceeded, message));
    }
    if new > 0 && shares().count() + new > SHARE_OF_ALL {
        let message = format!(
            "only an admin or the account that made table `{name}` can name more of its fields: of the {MAX_FIELDS} names that a table can have, \
             {SHARE_OF_ALL} are theirs"
        );
        return Err(Error::new(ErrorCode::QuotaExceeded, message));
    }
    Ok(())
}

/// An account's record as it stands in `ddb.data_table`.
pub(crate) fn account(key: &RecordKey) -> String {
    RecordId { table: TableName::user(), key: key.clone() }.literal().to_string()
}
