//! Backups that somebody made on purpose, checksums and all.
//!
//! Mutants, tried:
//! - `restore`: does not compare the head of the log with the header.
//! - `expect_whole`: gives Ok.
//! - `section`: takes the columns as the file has them.

use std::io::Cursor;

use ddb_core::{NamespaceId, Object, RecordKey, TableName, Value};
use ddb_testkit::Database;

use super::header::Header;
use super::read::{Part, Reader};
use super::relations::{LEFT_OUT, saved};
use super::write::Writer;
use super::{Progress, check, restore, save};
use crate::index::NewIndex;
use crate::{Allowance, Change, Config, Step, Store, Write};

/// A backup taken apart.
#[derive(Clone)]
struct Parts {
    header: Header,
    sections: Vec<Section>,
}

#[derive(Clone)]
struct Section {
    relation: String,
    columns: Vec<String>,
    data: Vec<u8>,
}

impl Parts {
    fn of(backup: &[u8]) -> Self {
        let (mut reader, header) = Reader::open(backup).expect("a backup");
        let mut sections: Vec<Section> = Vec::new();
        loop {
            match reader.next().expect("a part") {
                Part::Section { relation, columns } => sections.push(Section { relation, columns, data: Vec::new() }),
                Part::Data(data) => sections.last_mut().expect("a section").data.extend(data),
                Part::SectionEnd { .. } => {}
                Part::End(_) => return Self { header, sections },
            }
        }
    }

    /// As the program would have written it, with every checksum.
    fn seal(&self) -> Vec<u8> {
        let mut writer = Writer::begin(Vec::new(), &self.header).expect("a beginning");
        for section in &self.sections {
            let mut writing = writer.section(&section.relation, &section.columns).expect("a section");
            writer.data(&mut writing, &section.data).expect("data");
            writer.end_section(writing).expect("an end");
        }
        writer.finish().expect("a backup").0
    }

    fn section(&mut self, relation: &str) -> &mut Section {
        self.sections.iter_mut().find(|section| section.relation == relation).expect("the section")
    }
}

impl Section {
    /// Puts other bytes of the same length into the place of `from`.
    fn put(&mut self, from: &[u8], to: &[u8]) {
        assert_eq!(from.len(), to.len());
        let at = self.data.windows(from.len()).position(|window| window == from).expect("the bytes are there");
        self.data[at..at + from.len()].copy_from_slice(to);
    }
}

async fn backup() -> Vec<u8> {
    let database = Database::new().await;
    let store = Store::open(Config::new(database.options())).await.expect("the store opens");
    let table = TableName::parse("tasks").expect("a name");
    for n in 0..3 {
        let fields = Object::from([("title".to_owned(), Value::String(format!("title-{n}")))]);
        let step = Step {
            table: table.clone(),
            key: RecordKey::Int(n),
            makes_table: true,
            past: None,
            decide: Box::new(move |_| Ok(Change::Create { fields: fields.clone(), owner: None, expires: None })),
        };
        let write = Write {
            namespace: NamespaceId::MAIN,
            actor: None,
            request: None,
            allowance: Allowance::ANY,
            steps: vec![step],
            system: Vec::new(),
        };
        store.write(write).await.expect("a write");
    }
    let index =
        NewIndex { table, name: "by_title".to_owned(), fields: vec![("title".to_owned(), false)], is_unique: false, by: None };
    store.define_index(NamespaceId::MAIN, index).await.expect("an index");
    let (_, bytes) = save(&store, Vec::new(), &Progress::default()).await.expect("a backup");
    store.close().await;
    bytes
}

/// Restores into a new database; what is refused leaves nothing there.
async fn try_restore(bytes: Vec<u8>) -> Result<(), String> {
    let database = Database::new().await;
    let progress = Progress::default();
    let tried = async {
        let checked = check(bytes.as_slice(), &progress)?;
        restore(&Config::new(database.options()), Cursor::new(bytes.clone()), &checked, &[], &progress).await
    }
    .await;
    let Err(error) = tried else { return Ok(()) };
    let left = "select count(*)::text from pg_namespace where nspname in ('ddb', 'ddb_data')";
    assert_eq!(database.connect().await.value(left).await, "0", "{error}: something is left");
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    Err(format!("{error}{cause}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_backup_is_refused_and_leaves_nothing() {
    let good = Parts::of(&backup().await);
    try_restore(good.seal()).await.expect("what was only taken apart and put together is good");
    type Forge = fn(&mut Parts);
    let forgeries: [(&str, Forge, &str); 19] = [
        ("a value", |parts| parts.section("triple").put(b"title-1", b"title-9"), "tx 2"),
        ("a field's name", |parts| parts.section("attribute").put(b"title", b"tit\"e"), "tx 1"),
        ("SQL as a table's name", |parts| parts.section("data_table").put(b"tasks", b"a;b--"), "name"),
        ("another table's name", |parts| parts.section("data_table").put(b"tasks", b"other"), "tx 1"),
        ("text that is no UTF-8", |parts| parts.section("data_table").put(b"tasks", b"\xff\xffsks"), "data_table"),
        (
            "an index of a field without a column",
            |parts| parts.section("index_definition").put(b"\0\0\0\x05title", b"\0\0\0\x05other"),
            "column",
        ),
        ("a state that no index has", |parts| parts.section("index_definition").put(b"ready", b"ajar!"), "check constraint"),
        ("another head", |parts| parts.header.namespaces[0].head_hash.replace_range(..1, "g"), "ends elsewhere"),
        ("a longer log in the header", |parts| parts.header.namespaces[0].tx += 1, "ends elsewhere"),
        ("another uuid in the header", |parts| parts.header.namespaces[0].uuid = ddb_core::Uuid::nil(), "header"),
        ("no namespace main", |parts| parts.header.namespaces.clear(), "main"),
        ("a path as a namespace", |parts| parts.header.namespaces[0].name = "../x".to_owned(), "name"),
        ("no section of facts", |parts| parts.sections.retain(|section| section.relation != "triple"), "`triple` is missing"),
        ("a section twice", |parts| parts.sections.push(parts.sections[0].clone()), "twice"),
        ("a section of sessions", |parts| parts.section("setting").relation = "session".to_owned(), "`session`"),
        ("a path as a section", |parts| parts.section("setting").relation = "../../etc/passwd".to_owned(), "does not know"),
        ("SQL as a column", |parts| parts.section("entity").columns[0] = "id) from stdin; drop".to_owned(), "other columns"),
        ("columns in another order", |parts| parts.section("entity").columns.swap(0, 1), "other columns"),
        (
            // The table of the definition is 1; its number stands in the third field.
            "an index of a table that there is not",
            |parts| {
                parts.section("index_column").put(b"\0\0\0\x04\0\0\0\x01\0\0\0\x05title", b"\0\0\0\x04\0\0\0\x07\0\0\0\x05title")
            },
            "no table",
        ),
    ];
    for (what, forge, word) in forgeries {
        let mut parts = good.clone();
        forge(&mut parts);
        let refused = try_restore(parts.seal()).await.expect_err(what);
        assert!(refused.contains(word), "{what}: {refused}");
    }
}

/// Mutant, tried: `decompress` does not look at the length.
#[test]
fn a_piece_that_grows_is_refused() {
    let bomb = zstd::bulk::compress(&vec![0; 64 << 20], 19).expect("zeros");
    assert!(bomb.len() < 10_000, "{} bytes", bomb.len());
    for said in [0, 1, 1 << 20, (1 << 20) + 1, 64 << 20, u32::MAX] {
        let header = br#"{"schema":1,"ddb":"","postgres":"","taken_at":0,"namespaces":[{"id":1,"name":"main","uuid":"00000000-0000-0000-0000-000000000000","tx":0,"head_hash":""}]}"#;
        let section = br#"{"relation":"tx","columns":["a"]}"#;
        let data = [&said.to_be_bytes()[..], &bomb].concat();
        let mut file = b"DDB BACKUP 1\n".to_vec();
        for (kind, frame) in [(b'H', header.as_slice()), (b'S', section), (b'D', &data)] {
            file.push(kind);
            file.extend((frame.len() as u32).to_be_bytes());
            file.extend(frame);
        }
        let error = check(file.as_slice(), &Progress::default()).expect_err("a bomb");
        assert!(error.message().contains("a piece"), "{said}: {error}");
    }
}

/// Who adds a relation decides whether backups hold it.
#[tokio::test(flavor = "multi_thread")]
async fn every_relation_is_saved_or_left_out_for_a_reason() {
    let database = Database::new().await;
    Store::open(Config::new(database.options())).await.expect("the store opens").close().await;
    let relations =
        "select relname::text from pg_class where relnamespace = 'ddb'::regnamespace and relkind = 'r' order by relname";
    let mut known: Vec<&str> = saved().chain(LEFT_OUT.iter().map(|(relation, _)| *relation)).collect();
    known.sort_unstable();
    assert_eq!(database.connect().await.values(relations).await, known);
}
