//! A table of the store as the planner sees it.

use ddb_engine::plan::{Bind, Column, IndexShape, OwnTimes, Shape};
use ddb_store::TableShape;
use ddb_store::index::{Index, IndexSource, IndexState};

pub(super) fn shape(table: &TableShape) -> Shape {
    let ready: Vec<&Index> = table.indexes.indexes.iter().filter(|index| index.state == IndexState::Ready).collect();
    let sources = ready.iter().flat_map(|index| &index.parts).map(|part| &part.source);
    let fields = sources.filter_map(|source| match source {
        IndexSource::Path { path, .. } => Some((path.clone(), column(source))),
        IndexSource::Owner | IndexSource::Created | IndexSource::Updated => None,
    });
    let indexes = ready
        .iter()
        .map(|index| IndexShape { columns: index.parts.iter().map(|part| (column(&part.source), part.descending)).collect() });
    Shape { table: table.name.clone(), own: own_times(table), fields: fields.collect(), indexes: indexes.collect() }
}

pub(super) fn own_times(table: &TableShape) -> OwnTimes {
    OwnTimes { created: table.indexes.own.created, updated: table.indexes.own.updated }
}

fn column(source: &IndexSource) -> Column {
    match source {
        IndexSource::Path { .. } => Column::Field(format!("p.{}", source.column())),
        IndexSource::Owner => Column::Owner,
        IndexSource::Created => Column::Created,
        IndexSource::Updated => Column::Updated,
    }
}

pub(super) fn bind(bind: Bind) -> ddb_store::Bind {
    match bind {
        Bind::Bytes(bytes) => ddb_store::Bind::Bytes(bytes),
        Bind::ManyBytes(bytes) => ddb_store::Bind::ManyBytes(bytes),
        Bind::Text(text) => ddb_store::Bind::Text(text),
        Bind::Int(int) => ddb_store::Bind::Int(int),
    }
}
