use std::collections::VecDeque;
use std::sync::Arc;

use ddb_core::{Account, Error, Object, Principal, RecordKey, Result, TableName};
use ddb_store::ActivityEntry;

use super::{ActivityOf, ListRequest, PageRows, Session};
use crate::select::full;

/// Records, and entries of activity, that are read at a time. A page of large records ends earlier.
const PAGE: u32 = 500;

/// What an account owns and what it did, a piece at a time, so that memory does not grow with it. Each piece is of a state of its own.
pub struct Export {
    /// The account without what it may do as an admin: it sees its own.
    owner: Session,
    user: RecordKey,
    tables: VecDeque<TableName>,
    cursor: Option<String>,
    is_at_activity: bool,
    has_ended: bool,
}

/// A part of an export.
#[derive(Debug)]
pub enum Piece {
    /// Records of a table that the account owns; never none.
    Records(TableName, Vec<Object>),
    /// What the account did with records that it may read now, the newest first; behind all records.
    Activity(Vec<ActivityEntry>),
}

impl Session {
    /// All that the caller owns, table by table, then what he did. 401 for who has no account.
    pub async fn export(&self) -> Result<Export> {
        let Principal::Account(account) = &self.principal else {
            return Err(Error::unauthenticated("sign in first"));
        };
        let Account { namespace, ref key, session, .. } = **account;
        let owner = Account { namespace, key: key.clone(), session, admin: false, root: false };
        let tables = self.database.store().schema(self.namespace).await?;
        Ok(Export {
            owner: Session { principal: Principal::Account(Arc::new(owner)), ..self.clone() },
            user: key.clone(),
            tables: tables.into_iter().map(|table| table.name).collect(),
            cursor: None,
            is_at_activity: false,
            has_ended: false,
        })
    }
}

impl Export {
    /// None at the end.
    pub async fn next(&mut self) -> Result<Option<Piece>> {
        while let Some(table) = self.tables.front().cloned() {
            let request = ListRequest {
                filter: None,
                parameters: Object::new(),
                order: Vec::new(),
                limit: PAGE,
                cursor: self.cursor.take(),
                fields: None,
                expand: Vec::new(),
                count: None,
            };
            let page = self.owner.list(&table, request).await?.data;
            self.cursor.clone_from(&page.next_cursor);
            if self.cursor.is_none() {
                self.tables.pop_front();
            }
            let records = match &page.rows {
                PageRows::Records(records) => records.iter().map(full).collect::<Vec<_>>(),
                PageRows::Objects(objects) => objects.clone(),
            };
            if !records.is_empty() {
                return Ok(Some(Piece::Records(table, records)));
            }
        }
        if self.has_ended {
            return Ok(None);
        }
        let of = ActivityOf { user: Some(self.user.clone()), ..ActivityOf::default() };
        let cursor = self.cursor.take().filter(|_| self.is_at_activity);
        self.is_at_activity = true;
        let page = self.owner.activity(of, PAGE, cursor.as_deref()).await?.data;
        self.has_ended = page.next_cursor.is_none();
        self.cursor = page.next_cursor;
        Ok(Some(Piece::Activity(page.entries)))
    }
}
