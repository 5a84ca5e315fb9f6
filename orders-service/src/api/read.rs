//! Reading orders.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use messaging::Pool;
use service_runtime::database;
use service_runtime::http::{Page, PageQuery, Problem};
use uuid::Uuid;

use super::order_not_found;
use crate::domain::{Order, Timeline};
use crate::store;

pub(super) async fn status(pool: Data<Pool>, order: Path<Uuid>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(order_with(&pool, *order).await?))
}

pub(super) async fn timeline(pool: Data<Pool>, order: Path<Uuid>) -> Result<HttpResponse, Problem> {
    let id = order.into_inner();
    let found = database::run(&pool, move |conn| Box::pin(store::milestones_of(conn, id))).await?;
    let milestones = found.ok_or_else(|| order_not_found(id))?;
    Ok(HttpResponse::Ok().json(Timeline::from(milestones)))
}

pub(super) async fn of_user(
    pool: Data<Pool>,
    user: Path<Uuid>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let page = query.check()?;
    let orders = orders_of(&pool, *user, page).await?;
    Ok(page.answer(format_args!("/orders/orders/{user}?"), orders, |order| order.id))
}

pub(super) async fn order_with(pool: &Pool, id: Uuid) -> Result<Order, Problem> {
    let found = database::run(pool, move |conn| Box::pin(store::order_with(conn, id))).await?;
    found.ok_or_else(|| order_not_found(id))
}

/// The orders of one page, and one more if there is a next page.
pub(super) async fn orders_of(pool: &Pool, user: Uuid, page: Page<Uuid>) -> Result<Vec<Order>, Problem> {
    database::run(pool, move |conn| Box::pin(store::orders_of(conn, user, page.after, page.fetch()))).await
}
