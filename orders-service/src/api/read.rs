//! Reading orders.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use messaging::Pool;
use service_runtime::database;
use service_runtime::http::{PageQuery, Problem};
use uuid::Uuid;

use crate::store;

pub(super) async fn status(pool: Data<Pool>, order: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let id = order.into_inner();
    match database::run(&pool, move |conn| Box::pin(store::order_with(conn, id))).await? {
        Some(order) => Ok(HttpResponse::Ok().json(order)),
        None => {
            let detail = format!("There is no order {id}.");
            Err(Problem::new(StatusCode::NOT_FOUND, "order_not_found", "No such order", detail))
        }
    }
}

pub(super) async fn of_user(
    request: HttpRequest,
    pool: Data<Pool>,
    user: Path<Uuid>,
    query: Query<PageQuery<Uuid>>,
) -> Result<HttpResponse, Problem> {
    let (user, page) = (user.into_inner(), query.check()?);
    let orders =
        database::run(&pool, move |conn| Box::pin(store::orders_of(conn, user, page.after, page.fetch())))
            .await?;
    Ok(page.answer(&request, orders, |order| order.id))
}
