use axum::http::Method;

/// What a request is for, as far as its budget is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Read,
    Write,
    Auth,
    Other,
}

impl Class {
    /// By the path as it was sent: what the router does not take for one of these routes is answered 404.
    pub(crate) fn of(method: &Method, path: &str) -> Self {
        let Some(path) = path.strip_prefix("/api/") else { return Self::Other };
        let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        match path.split('/').next().unwrap_or_default() {
            "auth" => Self::Auth,
            "query" => Self::Read,
            "data" if reads => Self::Read,
            "data" | "mutate" | "batch" | "sql" => Self::Write,
            _ => Self::Other,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Auth => "auth",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_have_classes() {
        for (method, path, class) in [
            (Method::GET, "/api/data/tasks", Class::Read),
            (Method::HEAD, "/api/data/tasks/1", Class::Read),
            (Method::POST, "/api/query", Class::Read),
            (Method::POST, "/api/data/tasks", Class::Write),
            (Method::DELETE, "/api/data/tasks/1", Class::Write),
            (Method::POST, "/api/mutate", Class::Write),
            (Method::POST, "/api/batch", Class::Write),
            (Method::GET, "/api/auth/me", Class::Auth),
            (Method::POST, "/api/auth/signin", Class::Auth),
            (Method::PATCH, "/api/admin/limits", Class::Other),
            (Method::GET, "/api/audit/head", Class::Other),
            (Method::GET, "/health", Class::Other),
            (Method::POST, "/nowhere", Class::Other),
            (Method::POST, "/api/database", Class::Other),
        ] {
            assert_eq!(Class::of(&method, path), class, "{method} {path}");
        }
    }
}
