use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ddb_core::{Error, Result};
use ddb_database::{AuthenticatorConfig, ImplicitTables, MakesTables, MasterKey};
use ddb_http::{CorsOrigins, TlsFiles};
use sha2::{Digest, Sha256};
use tracing_subscriber::EnvFilter;

use crate::setting::Setting;
use crate::settings::Settings;
use crate::traffic::Traffic;
use crate::{master_key, memory};

const MINIMUM_MEMORY: u64 = 64 << 20;
/// A year, in seconds.
const HSTS_MAX_AGE: u32 = 31_536_000;
const DEFAULT_ANSWER_CACHE: u64 = 16 << 20;

/// What every process needs, whichever services it runs.
pub struct Config {
    /// None: the process runs on a PostgreSQL elsewhere and keeps nothing.
    pub data_dir: Option<PathBuf>,
    /// `host:port`; `localhost` is 127.0.0.1 and ::1.
    pub bind: String,
    /// None: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Seconds.
    pub hsts_max_age: u32,
    pub cors_origins: CorsOrigins,
    /// A PostgreSQL that the user runs; None: the embedded one.
    pub database_url: Option<Credentials>,
    pub postgres_dir: Option<PathBuf>,
    pub nats_url: Option<Credentials>,
    pub log: String,
    pub log_format: Option<LogFormat>,
    /// Queries and writes that take as long are logged; None: none is.
    pub slow_query: Option<Duration>,
    /// Where metrics and traces are sent; None: nowhere. Checked where they are.
    pub otlp_endpoint: Option<Credentials>,
    /// Who shows it may read `/metrics`; None: root alone.
    pub metrics_token: Option<Credentials>,
    /// None: that of the data directory.
    pub master_key: Option<MasterKey>,
    /// Bytes.
    pub memory_limit: u64,
    /// Bytes.
    pub answer_cache: u64,
    pub authenticator: AuthenticatorConfig,
    pub implicit_tables: ImplicitTables,
    pub traffic: Traffic,
    /// Files and folders that settings name, the settings' own file among them: they may lie in the data directory.
    pub(crate) named_files: Vec<PathBuf>,
}

/// An address that may hold a password, or a token.
#[derive(Clone)]
pub struct Credentials(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Json,
    Pretty,
}

impl Credentials {
    /// A secret: not for logs, messages or command lines.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// In a time that tells nothing of where they differ: where two digests do, nobody can choose.
    pub(crate) fn equals(&self, text: &str) -> bool {
        Sha256::digest(&self.0) == Sha256::digest(text)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

impl Config {
    pub const SETTINGS: &[Setting] = &[
        Setting::new("data_dir", "DIR", "Where everything lies that must not be lost").default("./ddb-data"),
        Setting::new("bind", "HOST:PORT", "Where to listen; `localhost` is 127.0.0.1 and ::1").default("localhost:7700"),
        Setting::new(
            "tls_cert",
            "FILE",
            "The certificate to serve HTTPS with, in PEM, with those between it and the root; read anew when it changes",
        ),
        Setting::new("tls_key", "FILE", "Its private key, in PEM, which others must not read (mode 0640 at most)"),
        Setting::new(
            "hsts_max_age",
            "SECONDS",
            "How long browsers use only HTTPS for this host (HSTS), with a certificate only; `0` ends it",
        )
        .default("31536000"),
        Setting::new(
            "cors_origins",
            "ORIGINS",
            "Origins whose pages may use the server besides its own (`https://app.example.com,http://localhost:3000`), or `*`",
        ),
        Setting::new("database_url", "URL", "A PostgreSQL 16 or newer that you run, instead of the embedded one")
            .also("DATABASE_URL"),
        Setting::new("postgres_dir", "DIR", "The PostgreSQL installation to embed: a folder with `bin/postgres`"),
        Setting::new("nats_url", "URL", "The NATS server that connects several processes; not needed for one process"),
        Setting::new("log", "FILTER", "What to log: a level, or levels by module (`info,ddb_store=debug`)").default("info"),
        Setting::new("log_format", "json|pretty", "The form of the log on standard error; `pretty` on a terminal, else `json`"),
        Setting::new(
            "slow_query",
            "TIME",
            "Log queries and writes that take this long (`500ms`, `2s`), without their values; `0`: log none",
        )
        .default("500ms"),
        Setting::new(
            "otlp_endpoint",
            "URL",
            "The OpenTelemetry collector that gets metrics and traces, by OTLP over HTTP (`http://localhost:4318`)",
        )
        .also("OTEL_EXPORTER_OTLP_ENDPOINT"),
        Setting::new(
            "metrics_token",
            "TOKEN",
            "A bearer token that may read `GET /metrics`, besides root's; at least 16 characters",
        )
        .secret(),
        Setting::new(
            "master_key",
            "KEY",
            "32 random bytes in base64 or hexadecimal, instead of `master.key` in the data directory",
        )
        .secret(),
        Setting::new(
            "memory_limit",
            "SIZE",
            "Memory that the server may use (`512MB`); by default that of its memory group or the machine",
        ),
        Setting::new("answer_cache", "SIZE", "Memory for cached answers of lists and queries; `0`: no cache").default("16MB"),
        Setting::new("issuer", "TEXT", "The claim `iss` of access tokens; the server refuses tokens with another one")
            .default("darshjdb"),
        Setting::new("root", "on|off", "Whether the role `root`, which the first admin has, grants anything").default("on"),
        Setting::new(
            "implicit_tables",
            "on|admins|off",
            "Whose first record in a table creates the table: everybody's, admins', nobody's",
        )
        .default("on"),
        Setting::new("implicit_tables_limit", "NUMBER", "Tables of a namespace that records may create; 0: any number")
            .default("100"),
        Setting::new("implicit_tables_per_user", "NUMBER", "Tables that the records of one user may create; 0: any number")
            .default("20"),
        Setting::new(
            "rate_limit_network",
            "NUMBER",
            "Requests per second from one address (of IPv6: one /64), and five times as many at once; 0: any number",
        )
        .default("2000"),
        Setting::new(
            "rate_limit_anonymous",
            "RATES",
            "Requests per second from one address without a token, by class; a number alone is for each class",
        )
        .default("read=200,write=50,auth=20,other=100"),
        Setting::new("rate_limit_account", "RATES", "Requests per second of one account, from all addresses")
            .default("read=1000,write=500,auth=50,other=200"),
        Setting::new(
            "trusted_proxies",
            "ADDRESSES",
            "Proxies, as addresses or blocks (`10.0.0.0/8,::1`), whose header names the client's address",
        ),
        Setting::new(
            "max_connections",
            "NUMBER",
            "Open connections; by default as many as an eighth of the memory (32 KB each) and the limit of open files allow",
        ),
        Setting::new(
            "max_connections_per_network",
            "NUMBER",
            "Open connections from one address (of IPv6: one /64); by default a quarter of all, at least 64",
        ),
        Setting::new(
            "proxy_header",
            "x-forwarded-for|forwarded",
            "The header in which trusted proxies name the client; the server ignores the other one",
        )
        .default("x-forwarded-for"),
    ];

    /// The master key for a command: that of the settings, or the one that lies in the data directory. None is ever made for a command.
    pub fn existing_master_key(&self) -> Result<MasterKey> {
        match (&self.master_key, &self.data_dir) {
            (Some(key), _) => Ok(key.clone()),
            (None, Some(data_dir)) => master_key::existing(data_dir),
            (None, None) => {
                Err(Error::bad_request("set DDB_MASTER_KEY, or name the directory that has master.key with --data-dir"))
            }
        }
    }

    pub fn read(settings: &Settings) -> Result<Self> {
        let address = |name| {
            let schemes: &[&str] = if name == "nats_url" { &["nats://", "tls://"] } else { &["postgres://", "postgresql://"] };
            let expected = format!("must be an address that begins with {}", schemes[0]);
            // Checked by its beginning alone, so that the message cannot quote a password.
            match settings.text(name) {
                Some(text) if !schemes.iter().any(|scheme| text.starts_with(scheme)) => {
                    Err(Error::bad_request(format!("{} {expected}", settings.origin(name))))
                }
                text => Ok(text.map(|text| Credentials(text.to_owned()))),
            }
        };
        let memory_limit = settings.size("memory_limit")?.unwrap_or_else(memory::available);
        if memory_limit < MINIMUM_MEMORY {
            return Err(Error::bad_request("`memory_limit` must be at least 64MB"));
        }
        let bind = settings.with("bind", "HOST:PORT, such as localhost:7700", |text| {
            let (host, port) = text.rsplit_once(':')?;
            (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| text.to_owned())
        })?;
        let log = settings.with("log", "a level (error, warn, info, debug, trace) or levels by module", |text| {
            (is_filter(text) && EnvFilter::builder().parse(text).is_ok()).then(|| text.to_owned())
        })?;
        let log_format = settings.with("log_format", "json or pretty", |text| match text {
            "json" => Some(LogFormat::Json),
            "pretty" => Some(LogFormat::Pretty),
            _ => None,
        })?;
        let tls = match (settings.text("tls_cert"), settings.text("tls_key")) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate: certificate.into(), key: key.into() }),
            (None, None) => None,
            (Some(_), None) => return Err(Error::bad_request("`tls_cert` is set, but not `tls_key`: DDB_TLS_KEY or --tls-key")),
            (None, Some(_)) => {
                return Err(Error::bad_request("`tls_key` is set, but not `tls_cert`: DDB_TLS_CERT or --tls-cert"));
            }
        };
        let issuer = settings.with("issuer", "1 to 200 visible ASCII characters", |text| {
            let visible = (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
            visible.then(|| text.to_owned())
        })?;
        let made_by = settings.with("implicit_tables", "on, admins or off", |text| match text {
            "on" | "true" => Some(MakesTables::Everybody),
            "admins" => Some(MakesTables::Admins),
            "off" | "false" => Some(MakesTables::Nobody),
            _ => None,
        })?;
        let most = |name, default| -> Result<Option<u32>> {
            let given: Option<u32> = settings.parsed(name, "a whole number")?;
            Ok(given.map_or(default, |most| (most > 0).then_some(most)))
        };
        let tables = ImplicitTables::default();
        let defaults = AuthenticatorConfig::default();
        Ok(Self {
            data_dir: settings.text("data_dir").map(PathBuf::from),
            bind: bind.unwrap_or_else(|| "localhost:7700".to_owned()),
            tls,
            hsts_max_age: settings.parsed("hsts_max_age", "a whole number of seconds")?.unwrap_or(HSTS_MAX_AGE),
            cors_origins: settings
                .with(
                    "cors_origins",
                    "`*`, or origins with commas between them, each a scheme and a host, as in https://app.example.com",
                    CorsOrigins::parse,
                )?
                .unwrap_or_default(),
            database_url: address("database_url")?,
            postgres_dir: settings.text("postgres_dir").map(PathBuf::from),
            nats_url: address("nats_url")?,
            log: log.unwrap_or_else(|| "info".to_owned()),
            log_format,
            slow_query: settings.duration("slow_query")?.filter(|slow| !slow.is_zero()),
            otlp_endpoint: settings.text("otlp_endpoint").map(|url| Credentials(url.to_owned())),
            metrics_token: settings.with("metrics_token", "16 to 1000 visible ASCII characters", |text| {
                let visible = (16..=1000).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
                visible.then(|| Credentials(text.to_owned()))
            })?,
            master_key: settings.with(
                "master_key",
                "32 random bytes in base64 or hexadecimal (make them with: openssl rand -base64 32)",
                master_key::parse,
            )?,
            memory_limit,
            answer_cache: settings.size("answer_cache")?.unwrap_or(DEFAULT_ANSWER_CACHE),
            authenticator: AuthenticatorConfig {
                issuer: issuer.unwrap_or(defaults.issuer),
                root: settings.switch("root")?.unwrap_or(defaults.root),
            },
            implicit_tables: ImplicitTables {
                made_by: made_by.unwrap_or(tables.made_by),
                in_namespace: most("implicit_tables_limit", tables.in_namespace)?,
                of_account: most("implicit_tables_per_user", tables.of_account)?,
            },
            traffic: Traffic::read(settings, memory_limit)?,
            named_files: ["tls_cert", "tls_key", "postgres_dir"]
                .iter()
                .filter_map(|name| settings.text(name).map(PathBuf::from))
                .chain(settings.file.clone())
                .collect(),
        })
    }
}

/// Whether what stands alone in a filter is a level: the library would take a misspelt one for a module, and log nothing at all.
fn is_filter(text: &str) -> bool {
    text.split(',').all(|part| {
        let part = part.trim();
        part.contains(['=', '[']) || part.parse::<tracing::level_filters::LevelFilter>().is_ok()
    })
}
