//! The HTTP routes, `/orders/…`. Status codes live here and nowhere else.

mod create;
mod read;

use actix_web::web::{self, Data, ServiceConfig};
use messaging::Pool;
use service_runtime::http::only;

use crate::committer::Committer;

/// Adds the routes.
pub(crate) fn configure(routes: &mut ServiceConfig, pool: Pool, committer: Committer) {
    let create = web::resource("/create/{user_id}").route(web::post().to(create::create));
    let of_user = web::resource("/orders/{user_id}").route(web::get().to(read::of_user));
    let status = web::resource("/status/{order_id}").route(web::get().to(read::status));
    routes.app_data(Data::new(pool)).app_data(Data::new(committer)).service(
        web::scope("/orders")
            .service(create.default_service(only("POST")))
            .service(of_user.default_service(only("GET")))
            .service(status.default_service(only("GET"))),
    );
}
