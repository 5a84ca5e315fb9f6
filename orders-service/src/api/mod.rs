//! The HTTP routes, `/orders/…`. Status codes live here and nowhere else.

mod cancel;
mod create;
mod overview;
mod read;

pub(crate) use cancel::Canceller;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use messaging::{Broker, Pool};
use service_runtime::http::{Problem, get, post};
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

/// Adds the routes.
pub(crate) fn configure(routes: &mut ServiceConfig, api: Api) {
    let Api { pool, broker, committer, canceller, hub, overview } = api;
    routes.app_data(pool).app_data(broker).app_data(committer).app_data(canceller).app_data(hub);
    routes.app_data(overview).service(
        web::scope("/orders")
            .service(post("/create/{user_id}", create::create))
            .service(post("/cancel/{order_id}", cancel::cancel))
            .service(get("/orders/{user_id}", read::of_user))
            .service(get("/status/{order_id}", read::status))
            .service(get("/timeline/{order_id}", read::timeline))
            .service(get("/overview", overview::overview))
            .service(live::events())
            .service(live::web_socket()),
    );
}

fn order_not_found(id: Uuid) -> Problem {
    let detail = format!("There is no order {id}.");
    Problem::new(StatusCode::NOT_FOUND, "order_not_found", "No such order", detail)
}
