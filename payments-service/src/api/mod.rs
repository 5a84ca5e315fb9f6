//! The HTTP routes, `/payments/…`. Status codes live here and nowhere else.

mod accounts;
mod deposits;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use messaging::Pool;
use service_runtime::http::{Problem, get, post};

/// Adds the routes.
pub(crate) fn configure(routes: &mut ServiceConfig, pool: Pool) {
    routes.app_data(Data::new(pool)).service(
        web::scope("/payments")
            .service(post("/create/{user_id}", accounts::open))
            .service(post("/add/{bill_id}", deposits::add))
            .service(get("/balance/{bill_id}", accounts::balance))
            .service(get("/account/{user_id}", accounts::of_user))
            .service(get("/transactions/{bill_id}", accounts::transactions)),
    );
}

fn account_not_found(whose: impl std::fmt::Display) -> Problem {
    let detail = format!("There is no account {whose}.");
    Problem::new(StatusCode::NOT_FOUND, "account_not_found", "No such account", detail)
}
