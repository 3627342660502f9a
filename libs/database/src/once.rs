use aws_lc_rs::digest::{Context, SHA256};

/// What a caller calls a request that shall happen once, and what the request is.
#[derive(Debug, Clone)]
pub struct OnceKey {
    pub(crate) key: String,
    pub(crate) part: i32,
    pub(crate) request: [u8; 32],
}

impl OnceKey {
    /// The request with this key, method, path, query and body.
    pub fn new(key: String, request: [&[u8]; 4]) -> Self {
        let mut context = Context::new(&SHA256);
        for part in request {
            // With its length before it, so that nothing passes from one part into the next.
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let digest = context.finish();
        Self { key, part: 0, request: digest.as_ref().try_into().expect("SHA-256 has 32 bytes") }
    }

    /// Another write of the same request.
    #[must_use]
    pub fn part(&self, part: i32) -> Self {
        Self { part, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_request_counts() {
        let of = |request: [&str; 4]| OnceKey::new("k".to_owned(), request.map(str::as_bytes)).request;
        let one = of(["POST", "/a", "", "{}"]);
        assert_eq!(one, of(["POST", "/a", "", "{}"]));
        for other in [
            ["PUT", "/a", "", "{}"],
            ["POST", "/b", "", "{}"],
            ["POST", "/a", "x", "{}"],
            ["POST", "/a", "", "{ }"],
            ["POST", "/", "a", "{}"],
        ] {
            assert_ne!(one, of(other), "{other:?}");
        }
    }
}
