//! A page that may not use the server sees only that its browser refuses. The log says why, and which setting would allow it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

use crate::CorsOrigins;
use crate::cors;

/// Origins that are told of. Beyond that nothing is said: whoever makes them up would fill the log.
const TOLD: usize = 1000;
/// Of an origin, as much as fits into a line.
const SHOWN: usize = 100;

/// The origins whose refusal the log has told of, each once. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct RefusedOrigins(Arc<Mutex<HashSet<String>>>);

impl RefusedOrigins {
    /// Logs the first refused preflight of the request's origin.
    pub(crate) fn tell(&self, allowed: &CorsOrigins, headers: &HeaderMap) {
        let Some(origin) = headers.get(ORIGIN) else { return };
        // Nothing of it reaches the log that could end a line or move a cursor.
        let origin: String = origin.as_bytes().escape_ascii().take(SHOWN).map(char::from).collect();
        if self.is_new(&origin) {
            tracing::warn!(origin, "{}", advice(allowed, &origin));
        }
    }

    fn is_new(&self, origin: &str) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < TOLD && told.insert(origin.to_owned())
    }
}

fn advice(allowed: &CorsOrigins, origin: &str) -> String {
    let Some(origin) = cors::parse(origin).as_ref().and_then(|origin| origin.to_str().ok().map(str::to_owned)) else {
        return "a page asked for access, and its origin cannot be allowed: the page was opened from a file or its browser isolates it; serve the \
                page over HTTP and allow the origin that it has then with the setting cors_origins"
            .to_owned();
    };
    let mut origins = match allowed {
        CorsOrigins::Only(known) => known.iter().filter_map(|origin| origin.to_str().ok()).collect(),
        CorsOrigins::None | CorsOrigins::Any => Vec::new(),
    };
    origins.push(&origin);
    let origins = origins.join(",");
    format!(
        "a page of {origin} asked for access, and the setting cors_origins does not allow it; to allow it, start the server with \
         --cors-origins {origins} or DDB_CORS_ORIGINS={origins}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutant: without the bound.
    #[test]
    fn each_origin_is_told_of_once_and_a_thousand_are_remembered() {
        let refused = RefusedOrigins::default();
        let told = (0..5000).filter(|number| refused.is_new(&format!("https://{}.example.com", number % 2500))).count();
        assert_eq!(told, TOLD);
        assert!(!refused.is_new("https://0.example.com"));
    }

    #[test]
    fn the_advice_is_what_to_write() {
        let known = CorsOrigins::parse("https://a.example.com").expect("an origin");
        assert!(
            advice(&known, "http://localhost:3000").ends_with("DDB_CORS_ORIGINS=https://a.example.com,http://localhost:3000")
        );
        assert!(advice(&CorsOrigins::None, "http://localhost:3000").contains("--cors-origins http://localhost:3000 or"));
        for origin in ["null", "https://a/b", "https://x; rm -rf", ""] {
            let advice = advice(&CorsOrigins::Any, origin);
            assert!(advice.contains("cannot be allowed") && !advice.contains("rm"), "{advice}");
        }
    }
}
