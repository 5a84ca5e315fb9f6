//! The HTTP routes, `/orders/…`. Status codes live here and nowhere else.

mod create;
mod read;

use actix_web::web::{self, Data, ServiceConfig};
use messaging::Pool;
use service_runtime::http::{get, post};

use crate::committer::Committer;

/// Adds the routes.
pub(crate) fn configure(routes: &mut ServiceConfig, pool: Pool, committer: Committer) {
    routes.app_data(Data::new(pool)).app_data(Data::new(committer)).service(
        web::scope("/orders")
            .service(post("/create/{user_id}", create::create))
            .service(get("/orders/{user_id}", read::of_user))
            .service(get("/status/{order_id}", read::status)),
    );
}
