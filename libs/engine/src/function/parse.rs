//! Parts of addresses; NONE where there is none, or where the text is no address.
use std::net::{Ipv4Addr, Ipv6Addr};

use ddb_core::Value;

use super::string::is_domain;
use super::{Arguments, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("parse::email::host", 1, 1, |arguments| of_email(arguments, |(_, host)| host)),
    function("parse::email::user", 1, 1, |arguments| of_email(arguments, |(user, _)| user)),
    function("parse::url::domain", 1, 1, |arguments| {
        of_url(arguments, |url| url.host.filter(|host| is_domain(host)).map(Value::from))
    }),
    function("parse::url::fragment", 1, 1, |arguments| of_url(arguments, |url| url.fragment.map(Value::from))),
    function("parse::url::host", 1, 1, |arguments| of_url(arguments, |url| url.host.map(Value::from))),
    function("parse::url::path", 1, 1, |arguments| of_url(arguments, |url| Some(Value::from(url.path)))),
    function("parse::url::port", 1, 1, |arguments| of_url(arguments, |url| url.port.map(|port| Value::Int(port.into())))),
    function("parse::url::query", 1, 1, |arguments| of_url(arguments, |url| url.query.map(Value::from))),
    function("parse::url::scheme", 1, 1, |arguments| {
        of_url(arguments, |url| Some(Value::String(url.scheme.to_ascii_lowercase())))
    }),
];

/// The user and the host of an e-mail address. Quoted users and comments, which RFC 5322 knows, are refused.
pub(super) fn email_parts(text: &str) -> Option<(&str, &str)> {
    let (user, host) = text.rsplit_once('@')?;
    let is_atom = |atom: &str| !atom.is_empty() && atom.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c));
    (user.len() <= 64 && user.split('.').all(is_atom) && is_domain(host)).then_some((user, host))
}

/// An absolute URL (RFC 3986), its parts as they stand.
#[derive(Debug)]
pub(super) struct Url<'a> {
    scheme: &'a str,
    host: Option<&'a str>,
    port: Option<u16>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

impl<'a> Url<'a> {
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
        if !is_scheme || rest.is_empty() || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return None;
        }
        let (rest, fragment) = rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let Some(rest) = rest.strip_prefix("//") else {
            // `mailto:` and the like have a path alone; those of the web have a host.
            let needs_host = ["http", "https", "ws", "wss", "ftp"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
            return (!needs_host).then_some(Self { scheme, host: None, port: None, path: rest, query, fragment });
        };
        let (authority, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
        let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
        let (host, port) = match address.rfind(':').filter(|colon| !address[*colon..].contains(']')) {
            Some(colon) => (&address[..colon], &address[colon + 1..]),
            None => (address, ""),
        };
        let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
        let is_ipv6 =
            host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).is_some_and(|host| host.parse::<Ipv6Addr>().is_ok());
        (is_ipv6 || is_domain(host) || host.parse::<Ipv4Addr>().is_ok()).then_some(Self {
            scheme,
            host: Some(host),
            port,
            path,
            query,
            fragment,
        })
    }
}

fn of_email(arguments: &mut Arguments<'_>, part: for<'a> fn((&'a str, &'a str)) -> &'a str) -> Outcome {
    let text = arguments.text()?;
    Ok(email_parts(&text).map_or(Value::None, |parts| Value::from(part(parts))))
}

fn of_url(arguments: &mut Arguments<'_>, part: fn(Url<'_>) -> Option<Value>) -> Outcome {
    let text = arguments.text()?;
    Ok(Url::parse(&text).and_then(part).unwrap_or_default())
}
