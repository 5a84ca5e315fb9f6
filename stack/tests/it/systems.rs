//! Whole systems, with the real services.

use std::sync::Arc;

use stack::{Addresses, Servers, ServersOptions, System, SystemOptions, http};

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
