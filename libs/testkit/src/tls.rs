use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ::aws_lc_rs::rand::SystemRandom;
use ::aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyIdMethod, PublicKeyData, SerialNumber, SignatureAlgorithm,
    SigningKey,
};
use rustix::fs::Mode;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A root of trust of one test, and the certificates that it signs, all for `localhost` and 127.0.0.1.
pub struct Authority {
    issuer: Issuer<'static, Key>,
    root: CertificateDer<'static>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = params(&[], 2099);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = Key::generate();
        let root = params.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(params, key), root: root.der().clone() }
    }

    /// A certificate and its key in PEM.
    pub fn issue(&self) -> (String, String) {
        self.issue_until(2099)
    }

    /// One that ends with a year's first day.
    pub fn issue_until(&self, year: i32) -> (String, String) {
        let key = Key::generate();
        let certificate = params(&["localhost", "127.0.0.1"], year).signed_by(&key, &self.issuer).unwrap();
        (pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", key.0.to_pkcs8v1().unwrap().as_ref()))
    }

    /// Writes a new pair into `folder`, as `cert.pem` and `key.pem`.
    pub fn issue_into(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (certificate, key) = self.issue();
        let paths = (folder.join("cert.pem"), folder.join("key.pem"));
        std::fs::write(&paths.0, certificate).unwrap();
        std::fs::write(&paths.1, key).unwrap();
        rustix::fs::chmod(&paths.1, Mode::RUSR | Mode::WUSR).unwrap();
        paths
    }

    /// The root in PEM, for `SSL_CERT_FILE` and `curl --cacert`.
    pub fn root_pem(&self) -> String {
        pem("CERTIFICATE", &self.root)
    }

    /// A connection whose bytes are up to the test.
    pub async fn connect(&self, address: SocketAddr, protocols: &[&str]) -> std::io::Result<TlsStream<TcpStream>> {
        connect(self.client(protocols), TcpStream::connect(address).await?).await
    }

    pub(crate) fn client(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

/// A key on the curve P-256. `rcgen` brings ones of its own only together with a parser that nothing here needs.
struct Key(EcdsaKeyPair);

impl Key {
    fn generate() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| rcgen::Error::RemoteKeyError)?;
        Ok(signature.as_ref().to_vec())
    }
}

fn params(names: &[&str], year: i32) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    // A certificate of the same name as its issuer would be taken for one that signed itself.
    params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("root of a test"));
    params.serial_number = Some(SerialNumber::from(rand::random::<u64>() >> 1));
    params.key_identifier_method = KeyIdMethod::PreSpecified(rand::random::<[u8; 20]>().to_vec());
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    params
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub(crate) async fn connect(config: Arc<ClientConfig>, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
    TlsConnector::from(config).connect(ServerName::try_from("localhost").unwrap(), stream).await
}
