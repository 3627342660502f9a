use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The stable codes of the wire contract. SDKs and tests match the code, never the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    BadRequest,
    InvalidQuery,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    NamespaceNotFound,
    MethodNotAllowed,
    NotAcceptable,
    RequestTimeout,
    Conflict,
    VersionMismatch,
    PayloadTooLarge,
    UnsupportedMediaType,
    ValidationFailed,
    RateLimited,
    HeadersTooLarge,
    QueryLimit,
    QuotaExceeded,
    HistoryPruned,
    Internal,
    Unavailable,
    Timeout,
}

impl ErrorCode {
    /// The code as it stands in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::InvalidQuery => "INVALID_QUERY",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::NotFound => "NOT_FOUND",
            Self::NamespaceNotFound => "NAMESPACE_NOT_FOUND",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::RequestTimeout => "REQUEST_TIMEOUT",
            Self::Conflict => "CONFLICT",
            Self::VersionMismatch => "VERSION_MISMATCH",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::UnsupportedMediaType => "UNSUPPORTED_MEDIA_TYPE",
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::RateLimited => "RATE_LIMITED",
            Self::HeadersTooLarge => "HEADERS_TOO_LARGE",
            Self::QueryLimit => "QUERY_LIMIT",
            Self::QuotaExceeded => "QUOTA_EXCEEDED",
            Self::HistoryPruned => "HISTORY_PRUNED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::Timeout => "TIMEOUT",
        }
    }

    /// The HTTP status that goes with the code.
    pub fn http_status(self) -> u16 {
        match self {
            Self::BadRequest | Self::InvalidQuery | Self::QueryLimit => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied | Self::QuotaExceeded => 403,
            Self::NotFound | Self::NamespaceNotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::HistoryPruned => 410,
            Self::VersionMismatch => 412,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::ValidationFailed => 422,
            Self::RateLimited => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::Unavailable => 503,
            Self::Timeout => 504,
        }
    }
}

/// One field's part of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorDetail {
    pub field: String,
    pub code: &'static str,
    pub message: String,
}

/// Where in a query an error is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorPlace {
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// A part of the query around the place.
    pub excerpt: String,
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// An error: what the client may read (`code`, `message`, `details`, `place`) and, apart from it, what the log needs (`source`).
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    message: String,
    details: Vec<ErrorDetail>,
    place: Option<ErrorPlace>,
    retry_after: Option<std::time::Duration>,
    source: Option<Source>,
}

impl Error {
    /// The client reads `message`: it never holds a secret, and nothing about data that the caller may not see.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { code, message: message.into(), details: Vec::new(), place: None, retry_after: None, source: None }))
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadRequest, message)
    }

    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unauthenticated, message)
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, message)
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Conflict, message)
    }

    /// The input parses but cannot be stored; `field` names the place.
    pub fn invalid(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(ErrorCode::ValidationFailed, message.clone()).with_detail(field, code, message)
    }

    /// An opaque 500: the client reads nothing of `source`, the log does.
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(ErrorCode::Internal, "an internal error occurred").with_source(source)
    }

    /// A dependency does not answer; the client may try again.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::Unavailable, message).with_retry_after(std::time::Duration::from_secs(1))
    }

    #[must_use]
    pub fn with_detail(mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        self.0.details.push(ErrorDetail { field: field.into(), code, message: message.into() });
        self
    }

    /// `excerpt` is a part of the caller's own text.
    #[must_use]
    pub fn with_place(mut self, line: u32, column: u32, excerpt: impl Into<String>) -> Self {
        self.0.place = Some(ErrorPlace { line, column, excerpt: excerpt.into() });
        self
    }

    #[must_use]
    pub fn with_retry_after(mut self, after: std::time::Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// A copy for another request that waited for the same work. It has what the client reads, and no source, because the log tells that once.
    #[must_use]
    pub fn for_another(&self) -> Self {
        let Inner { code, message, details, place, retry_after, source: _ } = &*self.0;
        Self(Box::new(Inner {
            code: *code,
            message: message.clone(),
            details: details.clone(),
            place: place.clone(),
            retry_after: *retry_after,
            source: None,
        }))
    }

    /// The same, said of a part of a larger request: `what` stands before the message, `place` before the field of each detail.
    #[must_use]
    pub fn within(mut self, what: &str, place: &str) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self.in_field(place)
    }

    /// The same, with `place` before the field of each detail.
    #[must_use]
    pub fn in_field(mut self, place: &str) -> Self {
        for detail in &mut self.0.details {
            let dot = if detail.field.is_empty() || detail.field.starts_with('[') { "" } else { "." };
            detail.field = format!("{place}{dot}{}", detail.field);
        }
        self
    }

    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn details(&self) -> &[ErrorDetail] {
        &self.0.details
    }

    pub fn place(&self) -> Option<&ErrorPlace> {
        self.0.place.as_ref()
    }

    pub fn retry_after(&self) -> Option<std::time::Duration> {
        self.0.retry_after
    }

    /// The error with its causes, for the log and for the person who runs the program. Many libraries repeat the cause in their own message: each
    /// cause is told once. An opaque error (`Internal`) says nothing of its own beside its cause.
    pub fn told(&self) -> String {
        let mut parts = Vec::new();
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = next {
            next = error.source();
            match error.downcast_ref::<Self>() {
                Some(opaque) if opaque.code() == ErrorCode::Internal && next.is_some() => {}
                Some(error) => tell(&mut parts, error.message().to_owned()),
                None => tell(&mut parts, error.to_string()),
            }
        }
        parts.join(": ")
    }
}

/// Adds a cause that nothing before it has told; one that repeats what it was the cause of stands in its place.
fn tell(parts: &mut Vec<String>, text: String) {
    if text.is_empty() || parts.iter().any(|part| part.contains(&text)) {
        return;
    }
    if parts.last().is_some_and(|part| text.contains(part.as_str())) {
        parts.pop();
    }
    parts.push(text);
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.as_str(), self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error of a library, which may repeat its cause.
    #[derive(Debug)]
    struct Foreign(&'static str, Option<Box<Foreign>>);

    impl fmt::Display for Foreign {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl std::error::Error for Foreign {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    /// Mutants: `tell` adds every text; it does not look at what the cause repeats.
    #[test]
    fn each_cause_is_told_once() {
        let refused = || Foreign("refused (os error 111)", None);
        for (error, told) in [
            (Error::bad_request("no"), "no"),
            (Error::internal("the disk is gone"), "the disk is gone"),
            (
                Error::internal(Foreign("cannot read x: refused (os error 111)", Some(refused().into()))),
                "cannot read x: refused (os error 111)",
            ),
            (Error::internal(Foreign("cannot read x", Some(refused().into()))), "cannot read x: refused (os error 111)"),
            (
                Error::unavailable("away").with_source(Foreign("io: refused (os error 111)", Some(refused().into()))),
                "away: io: refused (os error 111)",
            ),
            (Error::unavailable("away").with_source(Foreign("away: refused", None)), "away: refused"),
            (Error::internal(Error::internal(Error::conflict("taken"))), "taken"),
            (Error::unavailable("away").with_source(Error::internal(refused())), "away: refused (os error 111)"),
            (Error::new(ErrorCode::Internal, "nothing known"), "nothing known"),
        ] {
            assert_eq!(error.told(), told);
        }
    }
}
