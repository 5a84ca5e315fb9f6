//! The HTTP routes, `/payments/…`. Status codes live here and nowhere else.

mod accounts;
mod deposits;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use messaging::Pool;
use service_runtime::http::{Problem, only};

/// Adds the routes.
pub(crate) fn configure(routes: &mut ServiceConfig, pool: Pool) {
    let open = web::resource("/create/{user_id}").route(web::post().to(accounts::open));
    let add = web::resource("/add/{bill_id}").route(web::post().to(deposits::add));
    let balance = web::resource("/balance/{bill_id}").route(web::get().to(accounts::balance));
    let of_user = web::resource("/account/{user_id}").route(web::get().to(accounts::of_user));
    let transactions = web::resource("/transactions/{bill_id}").route(web::get().to(accounts::transactions));
    routes.app_data(Data::new(pool)).service(
        web::scope("/payments")
            .service(open.default_service(only("POST")))
            .service(add.default_service(only("POST")))
            .service(balance.default_service(only("GET")))
            .service(of_user.default_service(only("GET")))
            .service(transactions.default_service(only("GET"))),
    );
}

fn account_not_found(whose: impl std::fmt::Display) -> Problem {
    let detail = format!("There is no account {whose}.");
    Problem::new(StatusCode::NOT_FOUND, "account_not_found", "No such account", detail)
}
