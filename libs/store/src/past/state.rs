//! A record as it was.

use ddb_core::{RecordId, Result};
use sqlx::PgConnection;

use super::lives::Life;
use super::moment::Entity;
use super::{Place, facts};
use crate::fold::{self, Folded};
use crate::{Record, Shadowed};

/// The record as its facts before `place` have it, which is in `life`.
pub(super) async fn before(connection: &mut PgConnection, entity: &Entity, life: &Life, place: Place) -> Result<Option<Folded>> {
    let mut folded = None;
    for fact in facts::newest(connection, entity, life.begin, place).await? {
        fold::apply(&mut folded, &fact, &entity.names)?;
    }
    Ok(folded)
}

pub(super) fn record(folded: Folded, id: RecordId, shadowed: Shadowed) -> Record {
    let Folded { fields, owner, created, updated, tx, expires } = folded;
    Record { id, fields, owner, created, updated, tx, expires, shadowed }
}
