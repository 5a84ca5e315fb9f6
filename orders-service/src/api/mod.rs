//! The HTTP routes, `/orders/…`, their [`dialects`], and the same by [`grpc`]. Status codes live here and nowhere else.

mod cancel;
mod create;
mod dialects;
mod grpc;
mod overview;
mod read;

pub(crate) use cancel::Canceller;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use messaging::{Broker, Pool};
use service_runtime::grpc::Services;
use service_runtime::http::{Problem, Routes, get, post};
use service_runtime::live::{self, Hub};
use service_runtime::overview::Latest;
use uuid::Uuid;

use self::overview::Overview;
use crate::committer::Committer;

/// What requests are answered with. Cheap to clone: one is shared by all.
#[derive(Clone)]
pub(crate) struct Api {
    pub pool: Data<Pool>,
    pub broker: Data<Broker>,
    pub committer: Data<Committer>,
    pub canceller: Data<Canceller>,
    pub hub: Data<Hub>,
    pub overview: Data<Latest<Overview>>,
}

/// What is served by gRPC.
pub(crate) fn services(api: &Api, pool: Pool) -> Services {
    Services::new(proto::DESCRIPTORS).with(grpc::service(api, pool))
}

/// Adds the routes.
pub(crate) fn configure(routes: &mut Routes, api: Api) {
    let Api { pool, broker, committer, canceller, hub, overview } = api;
    routes.share(pool).share(broker).share(committer).share(canceller).share(hub).share(overview);
    routes
        .at("/orders/create/{user_id}", post(create::create))
        .at("/orders/cancel/{order_id}", post(cancel::cancel))
        .at("/orders/orders/{user_id}", get(read::of_user))
        .at("/orders/status/{order_id}", get(read::status))
        .at("/orders/timeline/{order_id}", get(read::timeline))
        .at("/orders/overview", get(overview::overview))
        .at("/orders/events/{user_id}", live::events())
        .at("/orders/ws/{user_id}", live::web_socket());
    dialects::add(routes);
}

fn order_not_found(id: Uuid) -> Problem {
    let detail = format!("There is no order {id}.");
    Problem::new(StatusCode::NOT_FOUND, "order_not_found", "No such order", detail)
}
