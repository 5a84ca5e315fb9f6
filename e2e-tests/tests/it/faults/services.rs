//! Services that are killed or stopped. The sweep is off: it would heal what must not be lost in the first place.

use e2e_tests::{Answer, Order, Request, Shop, until};
use futures_util::future::{join, join_all};
use stack::SystemOptions;

use crate::support::{never_sweeping, own, until_waiting_for_lock};

/// Goal: a service may die at any instruction. Method: SIGKILL each in turn, again and again, under load; then account for
/// everything.
#[tokio::test]
async fn services_killed_again_and_again_lose_and_double_nothing() {
    let Some(system) = own(never_sweeping()).await else { return };
    let load = system.load().await;
    for round in 0..5 {
        for part in [system.orders(0), system.payments(0)] {
            part.kill();
            part.start().await.unwrap();
            // How far the others get before the next one dies differs, so that it dies at different moments.
            load.advances(10 + 17 * round).await;
        }
    }
    let book = load.stop().await;
    assert!(!book.repetitions.is_empty(), "nobody noticed: {book:?}");
    system.audit.accounts_for(&book).await;
}

/// Goal: both at once as well, and with replicas that compete for the messages of the dead. Method: the same with two of
/// each, killing one orders-service and one payments-service at the same moment.
#[tokio::test]
async fn replicas_killed_at_once_lose_and_double_nothing() {
    let options = SystemOptions { orders_replicas: 2, payments_replicas: 2, ..never_sweeping() };
    let Some(system) = own(options).await else { return };
    let load = system.load().await;
    for round in 0..4 {
        let victims = [system.orders(round % 2), system.payments(round % 2)];
        for part in victims {
            part.kill();
        }
        load.advances(50).await;
        for part in victims {
            part.start().await.unwrap();
        }
    }
    let book = load.stop().await;
    system.audit.accounts_for(&book).await;
}

/// Goal: a service that is told to stop ends by itself, in good order, whatever it is doing; what it has
/// accepted is neither lost nor done twice. Method: SIGTERM under load, each of four processes in turn.
#[tokio::test]
async fn services_stopped_under_load_end_in_time_and_drop_nothing() {
    let options = SystemOptions { orders_replicas: 2, payments_replicas: 2, ..never_sweeping() };
    let Some(system) = own(options).await else { return };
    let load = system.load().await;
    for part in [system.orders(0), system.payments(0), system.orders(1), system.payments(1)] {
        load.advances(50).await;
        // Fails if it had to be killed in the end.
        let status = part.terminate().await.unwrap();
        assert!(status.success(), "{} ended with {status}", part.name());
        part.start().await.unwrap();
    }
    let book = load.stop().await;
    system.audit.accounts_for(&book).await;
}

/// Goal: a request in hand is answered before the process ends. Method: a lock holds up ten orders and ten deposits; both
/// services are told to stop while they wait; the lock goes; every one is answered. On a slow machine the answer may be
/// that the database took too long; then repeating the request says what came of it.
#[tokio::test]
async fn requests_in_hand_are_answered_before_a_service_ends() {
    let Some(system) = own(never_sweeping()).await else { return };
    let addresses = system.addresses();
    let account = system.shop.customer(1_000).await;
    // Straight to the services: what a client gets is what they said.
    let shops: Vec<(Shop, Shop)> =
        (0..10).map(|_| (Shop::at(&addresses.orders[0]), Shop::at(&addresses.payments[0]))).collect();
    // Their connections are open before, so that no request is on its way when the lock is seen to be waited for.
    join_all(shops.iter().map(|(orders, payments)| async {
        orders.get("/health/live").send().await.expect(200);
        payments.get("/health/live").send().await.expect(200);
    }))
    .await;
    let (orders, payments) = (system.orders_database().await, system.payments_database().await);
    let (orders_watch, payments_watch) = (system.orders_database().await, system.payments_database().await);
    orders.execute("BEGIN; LOCK TABLE orders IN EXCLUSIVE MODE").await.unwrap();
    payments.execute("BEGIN; LOCK TABLE transactions IN EXCLUSIVE MODE").await.unwrap();

    let ordering =
        |shop: &Shop, i: usize| shop.ordering(account.user_id, 1, "held up").key(&format!("order-{i}"));
    let depositing = |shop: &Shop, i: usize| shop.depositing(account.bill_id, 1).key(&format!("deposit-{i}"));
    let ordered = join_all(shops.iter().enumerate().map(|(i, (shop, _))| ordering(shop, i).send()));
    let deposited = join_all(shops.iter().enumerate().map(|(i, (_, shop))| depositing(shop, i).send()));
    let stop = async {
        until_waiting_for_lock(&orders_watch, 1).await;
        until_waiting_for_lock(&payments_watch, 1).await;
        let release = async {
            orders.execute("COMMIT").await.unwrap();
            payments.execute("COMMIT").await.unwrap();
        };
        tokio::join!(system.orders(0).terminate(), system.payments(0).terminate(), release)
    };
    let (ordered, deposited, (orders_end, payments_end, ())) = tokio::join!(ordered, deposited, stop);
    assert!(orders_end.unwrap().success() && payments_end.unwrap().success());

    system.orders(0).start().await.unwrap();
    system.payments(0).start().await.unwrap();
    for (i, answer) in deposited.into_iter().enumerate() {
        or_repeated(answer, depositing(&system.shop, i)).await.expect(200);
    }
    for (i, answer) in ordered.into_iter().enumerate() {
        let order: Order = or_repeated(answer, ordering(&system.shop, i)).await.expect(201).json();
        assert_eq!(system.shop.until_final(order.id).await.status, "FINISHED");
    }
    assert_eq!(system.shop.balance(account.bill_id).await, 1_000);
    system.audit.passes().await;
}

/// The answer, unless it says that the outcome is unknown: then what the same request is answered now.
async fn or_repeated(answer: Answer, again: Request) -> Answer {
    if answer.status() != 503 {
        return answer;
    }
    answer.problem(503, "database_unavailable");
    again.send().await
}

/// Goal: a service that has much to do is ready, or its load would move to the others and make them unready in turn.
/// Method: its one connection for requests is held up by a lock.
#[tokio::test]
async fn service_whose_connections_are_all_in_use_is_ready() {
    let environment = vec![("DATABASE_POOL_SIZE".into(), "1".into())];
    let Some(system) = own(SystemOptions { environment, ..Default::default() }).await else { return };
    let account = system.shop.customer(1_000).await;
    let (lock, watch) = (system.payments_database().await, system.payments_database().await);
    lock.execute("BEGIN; LOCK TABLE transactions IN EXCLUSIVE MODE").await.unwrap();
    let deposit = system.shop.depositing(account.bill_id, 1).send();
    let ask = async {
        until_waiting_for_lock(&watch, 1).await;
        Shop::at(&system.addresses().payments[0]).get("/health/ready").send().await
    };
    let (_, ready) = join(deposit, ask).await;
    ready.expect(200);
    lock.execute("COMMIT").await.unwrap();
}

/// Goal: a service that can't migrate yet goes on trying, and ends when it is told to. Method: a session holds first the
/// lock that lets one replica migrate at a time, and then the table of migrations.
#[tokio::test]
async fn service_that_waits_to_migrate_ends_when_it_is_told_to() {
    let Some(system) = own(never_sweeping()).await else { return };
    let (orders, live) = (system.orders(0), Shop::at(&system.addresses().orders[0]));
    let (holder, watch) = (system.orders_database().await, system.orders_database().await);

    orders.terminate().await.unwrap();
    holder.execute("SELECT pg_advisory_lock(444251926382)").await.unwrap();
    orders.launch().unwrap();
    until("it is alive", async || match live.get("/health/live").try_send().await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    })
    .await;
    assert_eq!(live.get("/health/ready").send().await.status(), 503);
    assert!(orders.terminate().await.unwrap().success());

    holder.execute("SELECT pg_advisory_unlock_all()").await.unwrap();
    holder.execute("BEGIN; LOCK TABLE __diesel_schema_migrations").await.unwrap();
    orders.launch().unwrap();
    until_waiting_for_lock(&watch, 1).await;
    assert!(orders.terminate().await.unwrap().success());

    orders.launch().unwrap();
    until_waiting_for_lock(&watch, 1).await;
    holder.execute("COMMIT").await.unwrap();
    orders.wait_ready().await.unwrap();
}
