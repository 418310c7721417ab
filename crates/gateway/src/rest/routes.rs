//! The API's routes, declared by method and path, so that the served document can be held against them.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodFilter, on};

use super::Api;

/// Routes under one prefix, and the list of them.
pub(crate) struct Routes {
    router: Router<Api>,
    declared: Vec<(&'static str, &'static str)>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self { router: Router::new(), declared: Vec::new() }
    }

    pub(crate) fn get<H: Handler<T, Api>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("get", MethodFilter::GET, path, handler)
    }

    pub(crate) fn post<H: Handler<T, Api>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("post", MethodFilter::POST, path, handler)
    }

    pub(crate) fn put<H: Handler<T, Api>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("put", MethodFilter::PUT, path, handler)
    }

    pub(crate) fn delete<H: Handler<T, Api>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        self.on("delete", MethodFilter::DELETE, path, handler)
    }

    /// Every method that the document can describe, with one handler.
    pub(crate) fn any<H: Handler<T, Api>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        let this = self.get(path, handler.clone()).post(path, handler.clone());
        this.put(path, handler.clone()).delete(path, handler)
    }

    /// Both lists in one.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.declared.extend(other.declared);
        self
    }

    /// The same with another limit for bodies.
    pub(crate) fn body_limit(mut self, bytes: usize) -> Self {
        self.router = self.router.layer(axum::extract::DefaultBodyLimit::max(bytes));
        self
    }

    /// Method in small letters and path of each.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test that holds the document against it"))]
    pub(crate) fn declared(&self) -> &[(&'static str, &'static str)] {
        &self.declared
    }

    pub(crate) fn into_router(self) -> Router<Api> {
        self.router
    }

    fn on<H: Handler<T, Api>, T: 'static>(
        mut self,
        method: &'static str,
        filter: MethodFilter,
        path: &'static str,
        handler: H,
    ) -> Self {
        self.router = self.router.route(path, on(filter, handler));
        self.declared.push((method, path));
        self
    }
}
