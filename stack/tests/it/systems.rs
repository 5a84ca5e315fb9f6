//! Whole systems, with the real services.

use std::sync::Arc;
use std::time::Duration;

use stack::{Addresses, Servers, ServersOptions, System, SystemOptions, http};
use tokio::time::timeout;

use crate::support::query;

const USER: &str = "018f2f6e-7c1a-7b43-9d55-3c1c7a0f5a11";

async fn servers() -> Arc<Servers> {
    Arc::new(Servers::start(ServersOptions::default()).await.unwrap())
}

/// A request through a gateway; returns the status.
async fn ask(addresses: &Addresses, method: &str, path: &str) -> u16 {
    let gateway = addresses.gateway.as_ref().unwrap();
    let port = gateway.rsplit(':').next().unwrap().parse().unwrap();
    http::status(method, port, path, "", "").await.unwrap()
}

/// Goal: systems on the same servers share nothing else. Method: what one stores the other does not know; one is ended
/// part by part and the other goes on.
#[tokio::test]
async fn two_systems_side_by_side_share_nothing() {
    let servers = servers().await;
    let (first, second) = tokio::join!(
        System::start(&servers, SystemOptions::default()),
        System::start(
            &servers,
            SystemOptions { orders_replicas: 2, payments_replicas: 2, ..SystemOptions::default() }
        ),
    );
    let (first, second) = (first.unwrap(), second.unwrap());

    let account = format!("/payments/account/{USER}");
    assert_eq!(ask(first.addresses(), "POST", &format!("/payments/create/{USER}")).await, 201);
    assert_eq!(ask(first.addresses(), "GET", &account).await, 200);
    assert_eq!(ask(second.addresses(), "GET", &account).await, 404);

    let database = first.addresses().payments_database.clone();
    query(&database, "SELECT 1").await.unwrap();
    first.stop().await.unwrap();
    assert!(
        first
            .parts()
            .filter(|part| part.process().is_some())
            .map(|part| part.name())
            .eq(["postgres", "epmd", "rabbitmq"])
    );
    query(&database, "SELECT 1").await.expect_err("it is deleted");
    assert_eq!(ask(second.addresses(), "GET", &account).await, 404);
}

/// Goal: every verb works on a service, and what it does is seen from outside.
#[tokio::test]
async fn service_is_killed_paused_terminated_and_started_again() {
    let servers = servers().await;
    let system = System::start(&servers, SystemOptions::default()).await.unwrap();
    let create = format!("/payments/create/{USER}");
    let account = format!("/payments/account/{USER}");
    assert_eq!(ask(system.addresses(), "POST", &create).await, 201);

    let payments = system.payments(0);
    payments.kill();
    assert_eq!(ask(system.addresses(), "GET", &account).await, 502);
    payments.start().await.unwrap();
    assert_eq!(ask(system.addresses(), "GET", &account).await, 200);

    payments.pause().unwrap();
    let port = system.addresses().payments[0].rsplit(':').next().unwrap().parse().unwrap();
    let error = http::status("GET", port, "/health/live", "", "").await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    payments.resume().unwrap();
    payments.wait_ready().await.unwrap();

    assert!(payments.terminate().await.unwrap().success());
    payments.terminate().await.expect_err("it does not run");
    payments.restart().await.unwrap();
    assert_eq!(ask(system.addresses(), "GET", &account).await, 200);
}

/// Goal: a part can be started with another environment, and seen to end by itself. Method: a setting that a service refuses.
#[tokio::test]
async fn environment_is_that_of_the_next_start() {
    let servers = servers().await;
    let system = System::start(&servers, SystemOptions::default()).await.unwrap();
    let orders = system.orders(0);
    let patience = Duration::from_secs(60);
    assert_eq!(orders.ends_within(Duration::ZERO).await, None);
    orders.kill();
    assert!(!orders.ends_within(patience).await.unwrap().success());

    orders.set_environment("SWEEP_AFTER_SECONDS", Some("soon"));
    orders.launch().unwrap();
    assert!(!orders.ends_within(patience).await.unwrap().success());
    orders.set_environment("SWEEP_AFTER_SECONDS", None);
    orders.start().await.unwrap();
}

/// Goal: each replica has lines of its own to the servers, and needs them. Method: break one of one replica.
#[tokio::test]
async fn replica_without_its_line_is_not_ready_and_the_other_is() {
    let servers = servers().await;
    let options = SystemOptions { orders_replicas: 2, has_links: true, ..SystemOptions::default() };
    let system = System::start(&servers, options).await.unwrap();
    let links = system.links(system.orders(0));
    for link in [&links.database, &links.broker] {
        link.refuse();
        eventually_answers(&system.addresses().orders[0], 503).await;
        eventually_answers(&system.addresses().orders[1], 200).await;
        link.pass();
        system.orders(0).wait_ready().await.unwrap();
    }
}

/// Waits until a service says so of its readiness.
async fn eventually_answers(base: &str, status: u16) {
    let port = base.rsplit(':').next().unwrap().parse().unwrap();
    let answers = async {
        while http::status("GET", port, "/health/ready", "", "").await.unwrap() != status {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), answers).await.expect("it is noticed");
}

/// Goal: a system comes back after each of its servers was ended, without being told.
#[tokio::test]
async fn services_are_ready_again_after_their_servers_were_killed() {
    let servers = servers().await;
    let system = System::start(&servers, SystemOptions::default()).await.unwrap();
    servers.postgres().kill();
    servers.postgres().start().await.unwrap();
    system.orders(0).wait_ready().await.unwrap();
    servers.wipe_rabbitmq().await.unwrap();
    system.orders(0).wait_ready().await.unwrap();
    system.payments(0).wait_ready().await.unwrap();
}
