use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ddb_access::Rows;
use ddb_core::{Error, ErrorCode, Object, Record, RecordId, Result, TableName, Value, Warning};
use ddb_darshjql::{BinaryOperator, Expr, ExprKind, Part, PartKind, Path, Span};
use ddb_engine::filter::{Filter, Form};
use ddb_engine::plan::{OrderTerm, OwnTimes, Position};
use ddb_turns::aside_if;
use futures::future::BoxFuture;

use super::list::{list_name, names_of, warn_of_order};
use super::{Answer, Session};
use crate::answers::{Key, Source};
use crate::json_query::{Asked, JsonQuery, Question};
use crate::select::{Reader, Select, full, is_large, pick, position, sort_key_of};
use crate::{cursor, place};

/// Records that one query gives, on all levels.
const MAX_RECORDS: usize = 20_000;
/// Records of a nested table that link to the records of one page.
const MAX_NESTED: usize = 10_000;

/// A query and the key of its answer.
pub struct DigestedQuery {
    query: JsonQuery,
    key: Option<Key>,
}

/// What a query found, table by table.
#[derive(Debug, Clone)]
pub struct QueryResult {
    /// By the names of the results.
    pub tables: Vec<(String, Vec<Object>)>,
    /// Of each table that has more: where its next page begins.
    pub next_cursors: Vec<(String, String)>,
    /// What the caller probably wants to know.
    pub warnings: Vec<Warning>,
}

impl Session {
    /// Answers a query in the JSON form from one state.
    pub async fn query(&self, query: JsonQuery) -> Result<Answer<QueryResult>> {
        Ok(self.read_query(query).await?.0)
    }

    /// The query with its name among the answers that are kept in a `form`. It reads all of the query, which may be large.
    pub fn digested(&self, query: JsonQuery, form: &str) -> DigestedQuery {
        DigestedQuery { key: self.key_of(&("query", form, &query)), query }
    }

    /// The same as `render` writes it, in the form that was named. It may be an answer of before that is still true.
    pub async fn query_as(
        &self,
        DigestedQuery { query, key }: DigestedQuery,
        render: impl FnOnce(&QueryResult) -> Vec<u8>,
    ) -> Result<Answer<Arc<[u8]>>> {
        self.answered(key, self.read_query(query), render).await
    }

    async fn read_query(&self, query: JsonQuery) -> Result<(Answer<QueryResult>, Source)> {
        let mut reader = Reader::new(self, Object::new());
        if self.sees_something(&query) {
            reader.hold_still().await?;
        }
        let result = self.ask(&mut reader, query, &mut 0).await?;
        let (tx, source) = reader.finish().await?;
        Ok((Answer { data: result, tx }, source))
    }

    /// Answers several queries from one state, the newest; they share the limits of one. One that fails leaves the others as they are, but behind one
    /// that used up what they share, time or connection, none is asked.
    pub async fn queries(&self, queries: Vec<JsonQuery>) -> Result<Answer<Vec<Result<QueryResult>>>> {
        let mut reader = Reader::new(self, Object::new());
        if queries.iter().any(|query| self.sees_something(query)) {
            reader.hold_still().await?;
        }
        let (mut results, mut given, mut ended) = (Vec::with_capacity(queries.len()), 0, None);
        for query in queries {
            let result = match ended {
                Some(code) => Err(Error::new(code, "an earlier query of the batch used up the limits that the queries share")),
                None => self.ask(&mut reader, query, &mut given).await,
            };
            if let Err(error) = &result {
                ended = ended.or_else(|| uses_up(error));
            }
            results.push(result);
        }
        let tx = match (reader.seen(), ended) {
            // Its connection is in the middle of something, so it is not given back.
            (Some(tx), Some(ErrorCode::Unavailable)) => tx,
            _ => reader.finish().await?.0,
        };
        Ok(Answer { data: results, tx })
    }

    fn sees_something(&self, query: &JsonQuery) -> bool {
        query.0.iter().any(|asked| !matches!(self.policy(&asked.table).visible(&self.principal), Rows::Nothing))
    }

    async fn ask(&self, reader: &mut Reader<'_>, query: JsonQuery, given: &mut usize) -> Result<QueryResult> {
        let mut result = QueryResult { tables: Vec::new(), next_cursors: Vec::new(), warnings: Vec::new() };
        for filter in query.0.iter().filter_map(|asked| asked.question.filter.as_ref()) {
            aside_if(is_large(&filter.expr), || filter.check(&Object::new()))?;
        }
        // What an earlier query of a batch said is not said of this one.
        reader.take_warnings();
        for Asked { name, table, question } in query.0 {
            let expr = question.filter.as_ref().map(|filter| &filter.expr);
            let list_name = || list_name("query", &table, expr, &Object::new(), &question.order);
            let list = aside_if(expr.is_some_and(is_large), list_name);
            let cursor_key = &self.database.inner.cursor_key;
            let after = question.cursor.as_deref().map(|text| -> Result<Position> {
                let bytes = cursor::open(cursor_key, self.cursor_caller(), &list, text)?;
                place::decode(&bytes).filter(|place| place.parts.len() == question.order.len()).ok_or_else(cursor::refused)
            });
            let select = Select {
                table: table.clone(),
                filter: question.filter.clone(),
                order: question.order.clone(),
                after: after.transpose()?,
                limit: question.limit + question.offset,
            };
            let read = reader.authorize(select);
            reader.expect_table(&table).await?;
            let selected = reader.select(&read).await?;
            selected.failures.warning(&name).into_iter().for_each(|warning| reader.warn(warning));
            tell_of(reader, &table, &question, &selected.records).await?;
            if let Some(last) = selected.records.last().filter(|_| selected.has_more) {
                let place = place::encode(&position(last, &question.order)?)?;
                result.next_cursors.push((name.clone(), cursor::seal(cursor_key, self.cursor_caller(), &list, &place)?));
            }
            if selected.has_more && selected.records.len() < question.limit + question.offset && question.offset > 0 {
                return Err(Error::new(ErrorCode::QueryLimit, "the records that `$offset` skips are too large: use `$cursor`"));
            }
            let records: Vec<Record> = selected.records.into_iter().skip(question.offset).collect();
            if question.fields.is_none() {
                for record in &records {
                    reader.output.add(ddb_core::weight(&record.fields))?;
                }
            }
            let objects = objects(reader, &question, &records, given).await?;
            result.tables.push((name, objects));
        }
        result.warnings = reader.take_warnings();
        Ok(result)
    }
}

/// Warns of names that no record has, and of an order that leads over links.
async fn tell_of(reader: &mut Reader<'_>, table: &TableName, question: &Question, records: &[Record]) -> Result<()> {
    warn_of_order(reader, &question.order, records);
    let names = names_of(question.filter.as_ref().map(|filter| &filter.expr), &question.order, &[]);
    reader.tell_unknown(table, names, records).await
}

/// What the queries behind this one are answered, where it left nothing for them: a statement that was ended takes the snapshot with it.
fn uses_up(error: &Error) -> Option<ErrorCode> {
    match error.code() {
        ErrorCode::QueryLimit => Some(ErrorCode::QueryLimit),
        ErrorCode::Unavailable | ErrorCode::Internal | ErrorCode::Timeout => Some(ErrorCode::Unavailable),
        _ => None,
    }
}

/// The records with what they lead to.
fn objects<'a>(
    reader: &'a mut Reader<'_>,
    question: &'a Question,
    records: &'a [Record],
    given: &'a mut usize,
) -> BoxFuture<'a, Result<Vec<Object>>> {
    Box::pin(async move {
        *given += records.len();
        if *given > MAX_RECORDS {
            return Err(Error::new(ErrorCode::QueryLimit, format!("a query gives {MAX_RECORDS} records at most")));
        }
        let mut objects = match &question.fields {
            Some(fields) => pick(reader, fields, records).await?,
            None => records.iter().map(full).collect(),
        };
        for (name, nested) in &question.nested {
            // What the caller sees decides, not what others have written: a field that one of these records has, else a table.
            let is_field =
                nested.via.is_none() && nested.table.is_none() && records.iter().any(|record| record.fields.contains_key(name));
            let values = match nested.table.clone().map_or_else(|| TableName::parse(name), Ok) {
                _ if is_field => linked_to(reader, name, nested, records, given).await?,
                Ok(table) => linking(reader, &table, nested, records, given).await?,
                Err(_) => records.iter().map(|_| Value::Null).collect(),
            };
            for (object, value) in objects.iter_mut().zip(values) {
                object.insert(name.clone(), value);
            }
        }
        Ok(objects)
    })
}

/// What a field links to, for each record: an object or null for a link, an array for an array of links.
async fn linked_to(
    reader: &mut Reader<'_>,
    field: &str,
    question: &Question,
    records: &[Record],
    given: &mut usize,
) -> Result<Vec<Value>> {
    let links: Vec<Vec<RecordId>> = records.iter().map(|record| record.fields.get(field).map(ids).unwrap_or_default()).collect();
    let mut wanted: Vec<RecordId> = links.iter().flatten().filter(|id| !reader.links.is_known(id)).cloned().collect();
    wanted.sort();
    wanted.dedup();
    reader.fetch(wanted).await?;
    let distinct: HashSet<&RecordId> = links.iter().flatten().collect();
    let mut found: Vec<Record> =
        distinct.into_iter().filter_map(|id| reader.links.get(id)).map(|record| Record::clone(record)).collect();
    if let Some(filter) = &question.filter {
        // They may be of several tables, so a name means the field where one of them has it.
        let own = OwnTimes {
            created: found.iter().any(|record| record.fields.contains_key("created")),
            updated: found.iter().any(|record| record.fields.contains_key("updated")),
        };
        let (matching, failures) = reader.filtered(filter, own, found).await?;
        failures.warning(field).into_iter().for_each(|warning| reader.warn(warning));
        found = matching;
    }
    warn_of_order(reader, &question.order, &found);
    let order = places(&found, &question.order)?;
    let by_id = objects_by_id(reader, question, found, given).await?;
    let weights: HashMap<&RecordId, usize> = by_id.iter().map(|(id, object)| (id, ddb_core::weight(object))).collect();
    let mut values = Vec::with_capacity(records.len());
    for (record, links) in records.iter().zip(&links) {
        values.push(match record.fields.get(field) {
            Some(Value::Array(_) | Value::Set(_)) => {
                let mut items: Vec<&RecordId> = links.iter().filter(|id| by_id.contains_key(*id)).collect();
                if !question.order.is_empty() {
                    items.sort_by_key(|id| order.get(*id));
                }
                let mut shown = Vec::new();
                for id in items.into_iter().skip(question.offset).take(question.limit) {
                    reader.output.add(weights[id])?;
                    shown.push(Value::Object(by_id[id].clone()));
                }
                Value::Array(shown)
            }
            Some(Value::Record(id)) => match by_id.get(&**id) {
                Some(object) => {
                    reader.output.add(weights[&**id])?;
                    Value::Object(object.clone())
                }
                None => Value::Null,
            },
            _ => Value::Null,
        });
    }
    Ok(values)
}

/// The place of each record in an order.
fn places(records: &[Record], order: &[OrderTerm]) -> Result<HashMap<RecordId, usize>> {
    let mut keys = Vec::with_capacity(records.len());
    for record in records {
        keys.push((sort_key_of(&position(record, order)?, order), &record.id));
    }
    keys.sort();
    Ok(keys.into_iter().enumerate().map(|(place, (_, id))| (id.clone(), place)).collect())
}

/// The records of a table that link to each record: by the field that `$via` names, or by any.
async fn linking(
    reader: &mut Reader<'_>,
    table: &TableName,
    question: &Question,
    records: &[Record],
    given: &mut usize,
) -> Result<Vec<Value>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let link = question.via.as_ref().map(|field| {
        let targets = Value::Array(records.iter().map(|record| record.id.clone().into()).collect());
        any_of([compared(field, BinaryOperator::In, &targets), compared(field, BinaryOperator::ContainsAny, &targets)])
    });
    let names = names_of(question.filter.as_ref().map(|filter| &filter.expr), &question.order, &[]);
    let filter = match (link, question.filter.clone()) {
        (Some(link), Some(Filter { expr, form })) => {
            Some(Filter { expr: Expr::new(ExprKind::And(vec![link, expr]), Span::default()), form })
        }
        (Some(expr), None) => Some(Filter { expr, form: Form::Json }),
        (None, filter) => filter,
    };
    let select = Select { table: table.clone(), filter, order: question.order.clone(), after: None, limit: MAX_NESTED };
    let read = reader.authorize(select);
    let selected = reader.select(&read).await?;
    selected.failures.warning(table.as_str()).into_iter().for_each(|warning| reader.warn(warning));
    warn_of_order(reader, &question.order, &selected.records);
    reader.tell_unknown(table, names, &selected.records).await?;
    if selected.has_more {
        let message = format!("the query has to look at more than {MAX_NESTED} records of `{table}`; `$via` and `$where` help");
        return Err(Error::new(ErrorCode::QueryLimit, message));
    }
    // Each of a record's links once, in the order of the nested records.
    let mut linking: HashMap<&RecordId, Vec<RecordId>> = HashMap::new();
    let outer: HashSet<&RecordId> = records.iter().map(|record| &record.id).collect();
    for record in &selected.records {
        let fields = record.fields.iter().filter(|(name, _)| question.via.as_ref().is_none_or(|via| via == *name));
        let links: HashSet<RecordId> = fields.flat_map(|(_, value)| ids(value)).collect();
        for link in &links {
            if let Some(target) = outer.get(link) {
                linking.entry(target).or_default().push(record.id.clone());
            }
        }
    }
    let mut shown: HashSet<RecordId> = HashSet::new();
    for ids in linking.values_mut() {
        *ids = ids.drain(..).skip(question.offset).take(question.limit).collect();
        shown.extend(ids.iter().cloned());
    }
    let found = selected.records.into_iter().filter(|record| shown.contains(&record.id)).collect();
    let by_id = objects_by_id(reader, question, found, given).await?;
    let mut values = Vec::with_capacity(records.len());
    for record in records {
        let mut items = Vec::new();
        for id in linking.get(&record.id).map(Vec::as_slice).unwrap_or_default() {
            if let Some(object) = by_id.get(id) {
                reader.output.add(ddb_core::weight(object))?;
                items.push(Value::Object(object.clone()));
            }
        }
        values.push(Value::Array(items));
    }
    Ok(values)
}

/// The nested records with what they lead to in turn, by id; they may be of several tables.
async fn objects_by_id(
    reader: &mut Reader<'_>,
    question: &Question,
    records: Vec<Record>,
    given: &mut usize,
) -> Result<HashMap<RecordId, Object>> {
    let objects = objects(reader, question, &records, given).await?;
    Ok(records.into_iter().map(|record| record.id).zip(objects).collect())
}

/// The records that a value links to.
fn ids(value: &Value) -> Vec<RecordId> {
    match value {
        Value::Record(id) => vec![(**id).clone()],
        Value::Array(items) | Value::Set(items) => items
            .iter()
            .filter_map(|item| match item {
                Value::Record(id) => Some((**id).clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn compared(field: &str, operator: BinaryOperator, value: &Value) -> Expr {
    let path = Path { parts: vec![Part::new(PartKind::Field(field.to_owned()), Span::default())] };
    let left = Expr::new(ExprKind::Path(path), Span::default());
    let right = Expr::new(ExprKind::Literal(value.clone()), Span::default());
    Expr::new(ExprKind::Binary(Box::new(left), operator, Box::new(right)), Span::default())
}

fn any_of(parts: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::new(ExprKind::Or(parts.into_iter().collect()), Span::default())
}
