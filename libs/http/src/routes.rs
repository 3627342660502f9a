use axum::Router;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::precondition;

/// Routes with their descriptions: there is no way to add one without, so the document lists what the router knows.
pub struct Routes<S = ()>(OpenApiRouter<S>);

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    #[expect(clippy::new_without_default, reason = "a list begins empty; nothing stands for it by default")]
    pub fn new() -> Self {
        Self(OpenApiRouter::default())
    }

    /// A chapter of the document; operations name it as their `tag`.
    #[must_use]
    pub fn chapter(mut self, name: &str, description: &str) -> Self {
        let chapter = TagBuilder::new().name(name).description(Some(description)).build();
        self.0.get_openapi_mut().tags.get_or_insert_default().push(chapter);
        self
    }

    /// The handlers of one path, as `routes!` gathers them.
    #[must_use]
    pub fn with(mut self, handlers: UtoipaMethodRouter<S>) -> Self {
        for (name, schema) in &handlers.0 {
            self.check_name(name, schema);
            self.0.get_openapi_mut().components.get_or_insert_default().schemas.insert(name.clone(), schema.clone());
        }
        let (schemas, paths, handlers) = handlers;
        let handlers = handlers.route_layer(axum::middleware::from_fn(precondition::refuse_unknown));
        Self(self.0.routes((schemas, paths, handlers)))
    }

    #[must_use]
    pub fn with_state<T>(self, state: S) -> Routes<T> {
        Routes(self.0.with_state(state))
    }

    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        for (name, schema) in other.0.get_openapi().components.iter().flat_map(|components| &components.schemas) {
            self.check_name(name, schema);
        }
        Self(self.0.merge(other.0))
    }

    /// Two types of one name would be one in the document, whichever came last: a mistake in the program, told at its start.
    fn check_name(&self, name: &str, schema: &RefOr<Schema>) {
        let known = self.0.get_openapi().components.as_ref().and_then(|components| components.schemas.get(name));
        assert!(known.is_none_or(|known| known == schema), "two types are called `{name}` in the description of the routes");
    }

    /// The descriptions alone.
    pub(crate) fn described(&self) -> OpenApi {
        self.0.get_openapi().clone()
    }

    /// The routes alone.
    pub(crate) fn into_router(self) -> Router<S> {
        self.0.into()
    }
}
