//! Placing, reading and watching orders by gRPC: `gozon.orders.v1`.

use chrono::{DateTime, Utc};
use contracts::Amount;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use messaging::Pool;
use proto::orders::orders_service_server::{OrdersService, OrdersServiceServer};
use proto::orders::watch_orders_response::Message;
use proto::orders::{
    CancelReason, Close, CreateOrderRequest, DeliveryStatus, GetOrderRequest, Heartbeat, ListOrdersRequest,
    ListOrdersResponse, Order, OrderChange, OrderStatus, Reset, Resumed, WatchOrdersRequest,
    WatchOrdersResponse,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use service_runtime::grpc::{self, MAX_REQUEST_BYTES, answer, id, idempotency_key, timestamp};
use service_runtime::http::Problem;
use service_runtime::live::{self, Hub, Told};
use tonic::{Request, Response, Status};
use tracing::warn;
use uuid::Uuid;

use super::Api;
use super::create::{self, Placed};
use super::read;
use crate::committer::Committer;
use crate::domain::{self, Description, NewOrder};

pub(super) struct Orders {
    pool: Pool,
    committer: Committer,
    hub: Hub,
}

pub(super) fn service(api: &Api, pool: Pool) -> OrdersServiceServer<Orders> {
    let (committer, hub) = (api.committer.get_ref().clone(), api.hub.get_ref().clone());
    OrdersServiceServer::new(Orders { pool, committer, hub }).max_decoding_message_size(MAX_REQUEST_BYTES)
}

#[tonic::async_trait]
impl OrdersService for Orders {
    async fn create_order(&self, request: Request<CreateOrderRequest>) -> Result<Response<Order>, Status> {
        let idempotency_key = idempotency_key(request.metadata())?;
        let CreateOrderRequest { user_id, amount, description } = request.into_inner();
        let invalid = |error: String| Problem::invalid_request(error);
        let order = NewOrder {
            user_id: id("user_id", &user_id)?,
            amount: Amount::try_from(amount).map_err(|error| invalid(error.to_string()))?,
            description: Description::try_from(description).map_err(invalid)?,
            idempotency_key,
        };
        let Placed { order, replayed } = create::place(&self.committer, order).await?;
        Ok(answer(order.into(), replayed))
    }

    async fn get_order(&self, request: Request<GetOrderRequest>) -> Result<Response<Order>, Status> {
        let order = id("order_id", &request.get_ref().order_id)?;
        Ok(Response::new(read::order_with(&self.pool, order).await?.into()))
    }

    async fn list_orders(
        &self,
        request: Request<ListOrdersRequest>,
    ) -> Result<Response<ListOrdersResponse>, Status> {
        let ListOrdersRequest { user_id, page_size, page_token } = request.get_ref();
        let page = grpc::page(*page_size, page_token)?;
        let orders = read::orders_of(&self.pool, id("user_id", user_id)?, page).await?;
        let (orders, next) = page.split(orders, |order| order.id);
        Ok(Response::new(ListOrdersResponse {
            orders: orders.into_iter().map(Order::from).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    type WatchOrdersStream = BoxStream<'static, Result<WatchOrdersResponse, Status>>;

    async fn watch_orders(
        &self,
        request: Request<WatchOrdersRequest>,
    ) -> Result<Response<Self::WatchOrdersStream>, Status> {
        let WatchOrdersRequest { user_id, last_id } = request.get_ref();
        let updates = live::updates(&self.hub, id("user_id", user_id)?, last_id)?;
        Ok(Response::new(updates.map(|told| Ok(told_by_grpc(told))).boxed()))
    }
}

impl From<domain::Order> for Order {
    fn from(order: domain::Order) -> Self {
        Self {
            id: order.id.to_string(),
            user_id: order.user_id.to_string(),
            amount: order.amount,
            description: order.description,
            status: status(&order.status).into(),
            cancel_reason: cancel_reason(order.cancel_reason.as_deref()).into(),
            cancel_requested_at: order.cancel_requested_at.map(timestamp),
            delivery_status: delivery_status(order.delivery_status.as_deref()).into(),
            created_at: Some(timestamp(order.created_at)),
            updated_at: Some(timestamp(order.updated_at)),
        }
    }
}

/// A change as it is told to all clients, however they are connected.
#[derive(Deserialize)]
struct Change {
    id: Uuid,
    user_id: Uuid,
    amount: i64,
    description: Option<String>,
    status: String,
    cancel_reason: Option<String>,
    cancel_requested: bool,
    delivery_status: Option<String>,
    at: DateTime<Utc>,
}

impl From<Change> for OrderChange {
    fn from(change: Change) -> Self {
        Self {
            id: change.id.to_string(),
            user_id: change.user_id.to_string(),
            amount: change.amount,
            description: change.description,
            status: status(&change.status).into(),
            cancel_reason: cancel_reason(change.cancel_reason.as_deref()).into(),
            cancel_requested: change.cancel_requested,
            delivery_status: delivery_status(change.delivery_status.as_deref()).into(),
            at: Some(timestamp(change.at)),
        }
    }
}

fn told_by_grpc(told: Told) -> WatchOrdersResponse {
    let (id, message) = match told {
        Told::Heartbeat => (String::new(), Message::Heartbeat(Heartbeat {})),
        Told::Message { id, event, data } => (id, message(event, &data)),
    };
    WatchOrdersResponse { id, message: Some(message) }
}

/// What can't be read may have been any change: the client is to fetch what it shows.
fn message(event: &str, data: &RawValue) -> Message {
    match event {
        "resumed" => Message::Resumed(Resumed {}),
        "close" => Message::Close(Close { reason: reason(data) }),
        "order" => match serde_json::from_str::<Change>(data.get()) {
            Ok(change) => Message::Order(change.into()),
            Err(error) => {
                warn!(%error, "live updates: a change is none that is known");
                Message::Reset(Reset { reason: "may-have-missed".to_owned() })
            }
        },
        _ => Message::Reset(Reset { reason: reason(data) }),
    }
}

fn reason(data: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Reason {
        reason: String,
    }
    serde_json::from_str(data.get()).map(|Reason { reason }| reason).unwrap_or_default()
}

fn status(name: &str) -> OrderStatus {
    OrderStatus::from_str_name(&format!("ORDER_STATUS_{name}")).unwrap_or_default()
}

fn cancel_reason(name: Option<&str>) -> CancelReason {
    name.and_then(|name| CancelReason::from_str_name(&format!("CANCEL_REASON_{name}"))).unwrap_or_default()
}

fn delivery_status(name: Option<&str>) -> DeliveryStatus {
    name.and_then(|name| DeliveryStatus::from_str_name(&format!("DELIVERY_STATUS_{name}")))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use contracts::events::FailureReason;

    use super::*;

    #[test]
    fn every_name_has_its_number() {
        for name in ["NEW", "FINISHED", "CANCELLED"] {
            assert_eq!(status(name).as_str_name(), format!("ORDER_STATUS_{name}"));
        }
        for name in FailureReason::ALL.map(FailureReason::as_str).into_iter().chain(["REFUNDED"]) {
            assert_eq!(cancel_reason(Some(name)).as_str_name(), format!("CANCEL_REASON_{name}"));
        }
        for name in ["PENDING", "SHIPPED", "DELIVERED"] {
            assert_eq!(delivery_status(Some(name)).as_str_name(), format!("DELIVERY_STATUS_{name}"));
        }
        assert_eq!((cancel_reason(None), delivery_status(None)), Default::default());
    }

    #[test]
    fn a_change_is_told_as_it_is_told_to_others() {
        let change = crate::domain::OrderChange {
            id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            amount: 5,
            description: None,
            status: "CANCELLED",
            cancel_reason: Some("REFUNDED"),
            cancel_requested: true,
            delivery_status: None,
            at: Utc::now(),
        };
        let data = serde_json::value::to_raw_value(&change).unwrap();
        let Message::Order(told) = message("order", &data) else { panic!("{data}") };
        assert_eq!((told.id, told.amount, told.cancel_requested), (change.id.to_string(), 5, true));
        assert_eq!(told.cancel_reason, i32::from(CancelReason::Refunded));
        assert_eq!(told.at, Some(timestamp(change.at)));
        let nonsense = serde_json::value::to_raw_value("?").unwrap();
        assert!(matches!(message("order", &nonsense), Message::Reset(_)));
    }
}
