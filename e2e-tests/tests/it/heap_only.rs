//! What an update costs: a new version of the row in its own page, and nothing in any index.

use e2e_tests::{Account, Order, until};
use futures_util::future::join_all;

use crate::support::{never_sweeping, own};

/// Goal: settling an order touches no index, though all orders of a page are settled at once. Method: hundreds of orders,
/// large and as small as can be, are paid or refused when all of them are there.
#[tokio::test]
async fn orders_settled_together_find_room_in_their_own_pages() {
    let Some(system) = own(never_sweeping()).await else { return };
    let Account { user_id, .. } = system.shop.customer(200).await;
    assert!(system.payments(0).terminate().await.unwrap().success());
    let small = async || -> Order { system.shop.ordering(user_id, 1, "x").send().await.expect(201).json() };
    let mut orders = Vec::new();
    for _ in 0..5 {
        orders.extend(join_all((0..20).map(|_| system.shop.order(user_id, 1))).await);
        orders.extend(join_all((0..40).map(|_| small())).await);
    }
    system.payments(0).start().await.unwrap();
    join_all(orders.iter().map(|order| system.shop.until_final(order.id))).await;

    let database = system.orders_database().await;
    let updates = |which: &str| {
        format!("SELECT sum({which})::bigint FROM pg_stat_user_tables WHERE relname = 'orders'")
    };
    until("the server has counted the updates", async || {
        match database.number(&updates("n_tup_upd")).await {
            counted if counted < orders.len() as i64 => Err(format!("{counted} of {}", orders.len())),
            _ => Ok(()),
        }
    })
    .await;
    assert_eq!(
        database.number(&updates("n_tup_upd - n_tup_hot_upd")).await,
        0,
        "updates that reached the indexes"
    );
}
