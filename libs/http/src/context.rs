use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use ddb_core::{Error, ErrorCode, NamespaceId, NamespaceName, RequestId, Result, Tx, suggestion};

use crate::ApiError;
use crate::known::{self, Known};

/// The one dated version of the contract that this server speaks.
pub const CONTRACT_VERSION: &str = "2026-11-22";

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-ddb-version");
const NAMESPACE: HeaderName = HeaderName::from_static("x-ddb-namespace");
const MIN_TX: HeaderName = HeaderName::from_static("x-ddb-min-tx");
const OWN_PREFIX: &str = "x-ddb-";

const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// What the outermost layer knows of every request.
#[derive(Debug, Clone)]
pub struct Context {
    pub request_id: RequestId,
    pub namespace: NamespaceId,
    pub namespace_name: NamespaceName,
    /// Where the request comes from: the other end of the socket, or what a trusted proxy says that its own is.
    pub peer: IpAddr,
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(of(parts)?.clone())
    }
}

pub(crate) fn of(parts: &Parts) -> Result<&Context> {
    parts.extensions.get().ok_or_else(|| Error::internal("a request came past the outermost layer"))
}

/// The id the client gave, where it has the form, else a new one.
pub(crate) fn request_id(headers: &HeaderMap) -> RequestId {
    headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).and_then(RequestId::parse).unwrap_or_else(new_request_id)
}

pub(crate) fn new_request_id() -> RequestId {
    let mut text = [0; 32];
    let number: u128 = rand::random();
    for (position, byte) in text.iter_mut().enumerate() {
        *byte = b"0123456789abcdef"[(number >> (position * 4)) as usize & 15];
    }
    let text = std::str::from_utf8(&text).expect("hexadecimal digits are ASCII");
    RequestId::parse(text).expect("32 hexadecimal digits have the form of a request id")
}

/// The namespace that the request names; `main` where it names none.
pub(crate) fn namespace(headers: &HeaderMap) -> Result<NamespaceName> {
    single(headers, &NAMESPACE)?.map_or_else(|| Ok(NamespaceName::main()), NamespaceName::parse)
}

/// Refuses what this version does not know. Gives the transaction that the answer must include, where the request names one.
pub(crate) fn check_headers(headers: &HeaderMap) -> Result<Option<Tx>> {
    let mut bytes = 0;
    for (name, value) in headers {
        bytes += name.as_str().len() + value.len();
        if name.as_str().starts_with(OWN_PREFIX) && ![NAMESPACE, VERSION, MIN_TX].contains(name) {
            return Err(Error::bad_request(unknown(name)));
        }
    }
    if headers.len() > MAX_HEADERS || bytes > MAX_HEADER_BYTES {
        return Err(Error::new(
            ErrorCode::HeadersTooLarge,
            format!("a request has at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes of them"),
        ));
    }
    if let Some(version) = single(headers, &VERSION)?
        && version != CONTRACT_VERSION
    {
        return Err(Error::bad_request(format!("this server speaks the version {CONTRACT_VERSION} of the contract")));
    }
    single(headers, &MIN_TX)?.map(min_tx).transpose()
}

/// As the contract writes them.
const OWN_HEADERS: [&str; 3] = ["X-DDB-Namespace", "X-DDB-Version", "X-DDB-Min-Tx"];

fn unknown(name: &HeaderName) -> String {
    let instead = match name.as_str() {
        "x-ddb-tx" => "; did you mean `X-DDB-Min-Tx`?".to_owned(),
        "x-ddb-ns" | "x-ddb-tenant" | "x-ddb-database" | "x-ddb-db" => "; did you mean `X-DDB-Namespace`?".to_owned(),
        "x-ddb-token" | "x-ddb-key" | "x-ddb-api-key" | "x-ddb-auth" => "; a token is sent in `Authorization`.".to_owned(),
        name => suggestion(name, [&NAMESPACE, &VERSION, &MIN_TX].into_iter().map(HeaderName::as_str)),
    };
    let end = if instead.is_empty() { "." } else { "" };
    format!(
        "the header {} is not known to this version{instead}{end} There are {}.",
        known::shown(name.as_str()),
        Known(&OWN_HEADERS)
    )
}

fn min_tx(text: &str) -> Result<Tx> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(tx) if digits => Ok(Tx(tx)),
        _ => Err(Error::bad_request("the header `x-ddb-min-tx` must be the number of a transaction")),
    }
}

/// The value of a header that stands at most once.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Error::bad_request(format!("the header `{name}` stands more than once")));
    }
    value
        .to_str()
        .map(Some)
        .map_err(|_| Error::bad_request(format!("the header `{name}` holds other than visible ASCII characters")))
}
