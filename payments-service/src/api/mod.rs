//! The HTTP routes, `/payments/…`. Status codes live here and nowhere else.

mod accounts;
mod deposits;
mod overview;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use messaging::broadcast::Voice;
use messaging::{Broker, Pool};
use service_runtime::http::{Problem, get, post};
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

/// Adds the routes.
pub(crate) fn configure(routes: &mut ServiceConfig, api: Api) {
    let Api { pool, broker, voice, hub, overview } = api;
    routes.app_data(pool).app_data(broker).app_data(voice).app_data(hub).app_data(overview).service(
        web::scope("/payments")
            .service(post("/create/{user_id}", accounts::open))
            .service(post("/add/{bill_id}", deposits::add))
            .service(get("/balance/{bill_id}", accounts::balance))
            .service(get("/account/{user_id}", accounts::of_user))
            .service(get("/transactions/{bill_id}", accounts::transactions))
            .service(get("/overview", overview::overview))
            .service(live::events()),
    );
}

fn account_not_found(whose: impl std::fmt::Display) -> Problem {
    let detail = format!("There is no account {whose}.");
    Problem::new(StatusCode::NOT_FOUND, "account_not_found", "No such account", detail)
}
