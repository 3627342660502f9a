use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use ddb_core::{Error, Result};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use super::validity::not_after;

/// A chain of certificates has a few kilobytes.
const LONGEST: u64 = 1 << 20;
/// What others than the owner and readers of his group may do with a key: nothing.
const EXPOSED: u32 = 0o027;

/// Where the certificate and its key lie, in PEM. Links are followed at each reading.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The server's certificate, then those between it and the root.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    /// What tells whether something was put in the place of a file or written into it; None while one cannot be seen.
    pub(super) fn state(&self) -> Option<[FileState; 2]> {
        Some([FileState::of(&self.certificate)?, FileState::of(&self.key)?])
    }

    /// Reads and checks both. An error names the file and the setting.
    pub(super) fn load(&self) -> Result<Arc<ServerConfig>> {
        let (certificate, key) = (shown("certificate", &self.certificate, "tls_cert"), shown("key", &self.key, "tls_key"));
        let text =
            read(&self.certificate, |_| Ok(())).map_err(|error| wrong(&certificate, &format!("cannot be read: {error}")))?;
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&text)
            .collect::<Result<_, _>>()
            .map_err(|error| wrong(&certificate, &format!("is not PEM: {error}")))?;
        let Some(leaf) = chain.first() else { return Err(wrong(&certificate, "holds no certificate in PEM")) };
        let end = not_after(leaf).ok_or_else(|| wrong(&certificate, "holds something that is no X.509 certificate"))?;
        if end < DateTime::<Utc>::from(SystemTime::now()) {
            return Err(wrong(&certificate, &format!("expired at {}", end.format("%Y-%m-%dT%H:%M:%SZ"))));
        }
        let text = read(&self.key, private).map_err(|error| wrong(&key, &format!("cannot be used: {error}")))?;
        let private = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
            wrong(&key, "holds no private key in PEM (PKCS#8, PKCS#1 or SEC1; one behind a passphrase cannot be read)")
        })?;
        configuration(chain, private).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                wrong(&key, &format!("does not fit the certificate {}", self.certificate.display()))
            }
            error => wrong(&key, &format!("and its certificate cannot be used: {error}")),
        })
    }
}

/// A file as it was seen: device, inode, length, and when it was last changed in any way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState(u64, u64, u64, (i64, i64));

impl FileState {
    fn of(path: &Path) -> Option<Self> {
        let seen = std::fs::metadata(path).ok()?;
        Some(Self(seen.dev(), seen.ino(), seen.len(), (seen.ctime(), seen.ctime_nsec())))
    }
}

fn shown(kind: &str, path: &Path, setting: &str) -> String {
    format!("the {kind} {} (`{setting}`)", path.display())
}

fn wrong(which: &str, what: &str) -> Error {
    Error::bad_request(format!("{which} {what}"))
}

fn read(path: &Path, check: impl FnOnce(&File) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    check(&file)?;
    let mut bytes = Vec::new();
    file.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn private(file: &File) -> io::Result<()> {
    let mode = file.metadata()?.mode() & 0o777;
    if mode & EXPOSED == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "it has mode {mode:04o}, so others may read or change it; run: chmod 640, and take a new key if somebody had access"
    )))
}

fn configuration(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Arc<ServerConfig>, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Clients that come again carry their session themselves. The key lives as long as this certificate in this process.
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(Arc::new(config))
}
