//! The HTTP routes, `/payments/…`, their [`dialects`], and the same by [`grpc`]. Status codes live here and nowhere else.

mod accounts;
mod deposits;
mod dialects;
mod grpc;
mod overview;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use messaging::broadcast::Voice;
use messaging::{Broker, Pool};
use service_runtime::grpc::Services;
use service_runtime::http::{Problem, Routes, get, post};
use service_runtime::live::{self, Hub};
use service_runtime::overview::Latest;

use self::overview::Overview;

/// What requests are answered with. Cheap to clone: one is shared by all.
#[derive(Clone)]
pub(crate) struct Api {
    pub pool: Data<Pool>,
    pub broker: Data<Broker>,
    pub voice: Data<Voice>,
    pub hub: Data<Hub>,
    pub overview: Data<Latest<Overview>>,
}

/// What is served by gRPC.
pub(crate) fn services(api: &Api, pool: Pool) -> Services {
    Services::new(proto::DESCRIPTORS).with(grpc::service(api, pool))
}

/// Adds the routes.
pub(crate) fn configure(routes: &mut Routes, api: Api) {
    let Api { pool, broker, voice, hub, overview } = api;
    routes.share(pool).share(broker).share(voice).share(hub).share(overview);
    routes
        .at("/payments/create/{user_id}", post(accounts::open))
        .at("/payments/add/{bill_id}", post(deposits::add))
        .at("/payments/balance/{bill_id}", get(accounts::balance))
        .at("/payments/account/{user_id}", get(accounts::of_user))
        .at("/payments/transactions/{bill_id}", get(accounts::transactions))
        .at("/payments/overview", get(overview::overview))
        .at("/payments/events/{user_id}", live::events());
    dialects::add(routes);
}

fn account_not_found(whose: impl std::fmt::Display) -> Problem {
    let detail = format!("There is no account {whose}.");
    Problem::new(StatusCode::NOT_FOUND, "account_not_found", "No such account", detail)
}
