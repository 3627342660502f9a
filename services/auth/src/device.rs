use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use ddb_core::Uuid;
use ddb_store::system::NewSession;

use ddb_http::limit::Network;

const MAX_USER_AGENT_CHARACTERS: usize = 256;

/// A new session of the device that asks.
pub(crate) fn new_session(account: &str, network: Network, headers: &HeaderMap) -> NewSession {
    NewSession {
        id: Uuid::new_v4(),
        account: account.to_owned(),
        user_agent: user_agent(headers),
        address: Some(network.to_string()),
    }
}

/// As the device calls itself: cut to a length, without what could forge a line or a terminal's state.
fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = String::from_utf8_lossy(headers.get(USER_AGENT)?.as_bytes()).into_owned();
    let text: String = text.chars().filter(|c| !c.is_control()).take(MAX_USER_AGENT_CHARACTERS).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_short_and_harmless() {
        let with = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(USER_AGENT, value.try_into().expect("a header value"));
            user_agent(&headers)
        };
        assert_eq!(with(b"curl/8.5.0").as_deref(), Some("curl/8.5.0"));
        assert_eq!(with(b"a\tb\xff").as_deref(), Some("ab\u{fffd}"));
        assert_eq!(with(b"").as_deref(), None);
        assert_eq!(with(&[b'a'; 1000]).map(|text| text.len()), Some(256));
        assert_eq!(user_agent(&HeaderMap::new()), None);
    }
}
