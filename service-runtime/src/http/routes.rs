use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route};

use super::Problem;

/// What the methods of one path do. Other methods get 405.
#[must_use]
pub struct Methods {
    routes: Vec<Route>,
    /// As the header has them.
    allow: &'static str,
}

/// What is read: `handler` answers GET, and HEAD by the same without the body.
pub fn get<F, Args>(handler: F) -> Methods
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    let routes = vec![web::get().to(handler.clone()), web::head().to(handler)];
    Methods { routes, allow: "GET, HEAD" }
}

/// What is done: `handler` answers POST.
pub fn post<F, Args>(handler: F) -> Methods
where
    F: Handler<Args, Output: Responder + 'static>,
    Args: FromRequest + 'static,
{
    Methods { routes: vec![web::post().to(handler)], allow: "POST" }
}

impl Methods {
    /// After [`get`]: and `handler` answers POST.
    pub fn post<F, Args>(mut self, handler: F) -> Self
    where
        F: Handler<Args, Output: Responder + 'static>,
        Args: FromRequest + 'static,
    {
        self.routes.push(web::post().to(handler));
        Self { routes: self.routes, allow: "GET, HEAD, POST" }
    }
}

/// The routes of a service, which it lists at `/routes` as they were added: whoever documents them can tell whether the
/// document is complete.
pub struct Routes<'a> {
    config: &'a mut ServiceConfig,
    list: Vec<String>,
}

impl<'a> Routes<'a> {
    pub(super) fn new(config: &'a mut ServiceConfig) -> Self {
        Self { config, list: Vec::new() }
    }

    /// Handlers may ask for `data`.
    pub fn share<T: ?Sized + 'static>(&mut self, data: Data<T>) -> &mut Self {
        self.config.app_data(data);
        self
    }

    /// Adds a path; the first that fits a request answers it.
    pub fn at(&mut self, path: &str, Methods { routes, allow }: Methods) -> &mut Self {
        let listed = allow.split(", ").filter(|method| *method != "HEAD");
        self.list.extend(listed.map(|method| format!("{method} {path}")));
        let other = web::to(move || async move { Err::<(), _>(Problem::method_not_allowed(allow)) });
        let resource = routes.into_iter().fold(web::resource(path), actix_web::Resource::route);
        self.config.service(resource.default_service(other));
        self
    }

    /// Adds `/routes`: what was added before, as an array of a method and a path each.
    pub(super) fn list(&mut self) {
        let list = self.list.clone();
        self.at("/routes", get(move || std::future::ready(HttpResponse::Ok().json(&list))));
    }
}
