//! The same orders for clients that were written for other shops. Paths and names are theirs, all else is as on the
//! routes beside these: `/api/orders` answers in camelCase, `/orders` does not, and both take the user as a parameter.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use contracts::Amount;
use messaging::Pool;
use serde::Deserialize;
use service_runtime::http::{
    CamelCase, IdempotencyKey, OptionalBody, PageQuery, Problem, Routes, get, given, parameter, post,
};
use uuid::Uuid;

use super::create::{self, Placed};
use super::read;
use crate::committer::Committer;
use crate::domain::{Description, NewOrder};

/// Adds the routes, after those that `/orders/{order_id}` would hide.
pub(super) fn add(routes: &mut Routes) {
    routes
        .at("/orders", get(list).post(place))
        .at("/orders/create", post(place))
        .at("/orders/{order_id}", get(read::status))
        .at("/api/orders", get(list_in_camel_case).post(place_in_camel_case))
        .at("/api/orders/{order_id}", get(show_in_camel_case));
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Placing {
    #[serde(default, deserialize_with = "given", alias = "userId")]
    user_id: Option<Uuid>,
    #[serde(default, deserialize_with = "given")]
    amount: Option<Amount>,
    #[serde(default, deserialize_with = "given")]
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listing {
    #[serde(alias = "userId")]
    user_id: Uuid,
    limit: Option<u16>,
    cursor: Option<String>,
}

async fn place(
    committer: Data<Committer>,
    IdempotencyKey(key): IdempotencyKey,
    query: Query<Placing>,
    OptionalBody(body): OptionalBody<Placing>,
) -> Result<HttpResponse, Problem> {
    let Placed { order, replayed } =
        create::place(&committer, new_order("user_id", query.into_inner(), body, key)?).await?;
    Ok(create::created(&order, format!("/orders/{}", order.id), replayed))
}

async fn place_in_camel_case(
    committer: Data<Committer>,
    IdempotencyKey(key): IdempotencyKey,
    query: Query<Placing>,
    OptionalBody(body): OptionalBody<Placing>,
) -> Result<HttpResponse, Problem> {
    let Placed { order, replayed } =
        create::place(&committer, new_order("userId", query.into_inner(), body, key)?).await?;
    let location = format!("/api/orders/{}", order.id);
    Ok(create::created(&CamelCase(order), location, replayed))
}

fn new_order(
    user: &str,
    query: Placing,
    body: Placing,
    idempotency_key: Option<String>,
) -> Result<NewOrder, Problem> {
    let description = parameter("description", query.description, body.description)?;
    Ok(NewOrder {
        user_id: parameter(user, query.user_id, body.user_id)?,
        amount: parameter("amount", query.amount, body.amount)?,
        description: Description::try_from(description).map_err(Problem::invalid_request)?,
        idempotency_key,
    })
}

async fn list(pool: Data<Pool>, query: Query<Listing>) -> Result<HttpResponse, Problem> {
    let Listing { user_id: user, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor }.check()?;
    let orders = read::orders_of(&pool, user, page).await?;
    Ok(page.answer(format_args!("/orders?user_id={user}&"), orders, |order| order.id))
}

async fn list_in_camel_case(pool: Data<Pool>, query: Query<Listing>) -> Result<HttpResponse, Problem> {
    let Listing { user_id: user, limit, cursor } = query.into_inner();
    let page = PageQuery { limit, cursor }.check()?;
    let orders = read::orders_of(&pool, user, page).await?.into_iter().map(CamelCase).collect();
    Ok(page.answer(format_args!("/api/orders?userId={user}&"), orders, |CamelCase(order)| order.id))
}

async fn show_in_camel_case(pool: Data<Pool>, order: Path<Uuid>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(CamelCase(read::order_with(&pool, *order).await?)))
}
