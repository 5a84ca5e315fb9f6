//! Reading orders.

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use messaging::Pool;
use service_runtime::database;
use service_runtime::http::{PageQuery, Problem};
use uuid::Uuid;

use super::order_not_found;
use crate::domain::Timeline;
use crate::store;

pub(super) async fn status(pool: Data<Pool>, order: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let id = order.into_inner();
    let found = database::run(&pool, move |conn| Box::pin(store::order_with(conn, id))).await?;
    let order = found.ok_or_else(|| order_not_found(id))?;
    Ok(HttpResponse::Ok().json(order))
}

pub(super) async fn timeline(pool: Data<Pool>, order: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let id = order.into_inner();
    let found = database::run(&pool, move |conn| Box::pin(store::milestones_of(conn, id))).await?;
    let milestones = found.ok_or_else(|| order_not_found(id))?;
    Ok(HttpResponse::Ok().json(Timeline::from(milestones)))
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
