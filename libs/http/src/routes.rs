use axum::Router;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{OpenApi, RefOr, Schema};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::{Chapter, precondition};

/// Routes with their descriptions: there is no way to add one without, so the document lists what the router knows.
pub struct Routes<S = ()> {
    router: OpenApiRouter<S>,
    guide: Vec<Chapter>,
    /// The paths in the order in which they were added: that of their use, which the document itself does not keep.
    paths: Vec<String>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    #[expect(clippy::new_without_default, reason = "a list begins empty; nothing stands for it by default")]
    pub fn new() -> Self {
        Self { router: OpenApiRouter::default(), guide: Vec::new(), paths: Vec::new() }
    }

    /// A chapter of the document; operations name it as their `tag`.
    #[must_use]
    pub fn chapter(mut self, name: &str, description: &str) -> Self {
        let chapter = TagBuilder::new().name(name).description(Some(description)).build();
        self.router.get_openapi_mut().tags.get_or_insert_default().push(chapter);
        self
    }

    /// Chapters of the guide, which stand before the operations at `/api/docs`.
    #[must_use]
    pub fn with_guide(mut self, chapters: &[Chapter]) -> Self {
        self.guide.extend_from_slice(chapters);
        self
    }

    /// The handlers of one path, as `routes!` gathers them.
    #[must_use]
    pub fn with(mut self, handlers: UtoipaMethodRouter<S>) -> Self {
        self.paths.extend(handlers.1.paths.keys().cloned());
        for (name, schema) in &handlers.0 {
            self.check_name(name, schema);
            self.router.get_openapi_mut().components.get_or_insert_default().schemas.insert(name.clone(), schema.clone());
        }
        let (schemas, paths, handlers) = handlers;
        let handlers = handlers.route_layer(axum::middleware::from_fn(precondition::refuse_unknown));
        Self { router: self.router.routes((schemas, paths, handlers)), ..self }
    }

    #[must_use]
    pub fn with_state<T>(self, state: S) -> Routes<T> {
        Routes { router: self.router.with_state(state), guide: self.guide, paths: self.paths }
    }

    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        for (name, schema) in other.router.get_openapi().components.iter().flat_map(|components| &components.schemas) {
            self.check_name(name, schema);
        }
        self.guide.extend(other.guide);
        self.paths.extend(other.paths);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// Two types of one name would be one in the document, whichever came last: a mistake in the program, told at its start.
    fn check_name(&self, name: &str, schema: &RefOr<Schema>) {
        let known = self.router.get_openapi().components.as_ref().and_then(|components| components.schemas.get(name));
        assert!(known.is_none_or(|known| known == schema), "two types are called `{name}` in the description of the routes");
    }

    /// The descriptions alone.
    pub(crate) fn described(&self) -> OpenApi {
        self.router.get_openapi().clone()
    }

    pub(crate) fn paths(&self) -> &[String] {
        &self.paths
    }

    pub(crate) fn guide(&self) -> &[Chapter] {
        &self.guide
    }

    /// The routes alone.
    pub(crate) fn into_router(self) -> Router<S> {
        self.router.into()
    }
}
