//! gRPC, by a client that was not made for it: `e2e-tests/tools/grpc_story.py`.

use std::process::Stdio;

use e2e_tests::{toolbox, until};
use stack::{SystemOptions, workspace};
use tokio::process::Command;

use crate::support::own;

/// Goal: orders and accounts work by gRPC as they do by HTTP, through the gateway, and each service tells of itself and of
/// its health. Method: Python's client, which has every message from reflection.
#[tokio::test]
async fn client_that_has_only_reflection_tells_the_story() {
    let options = SystemOptions { orders_replicas: 2, payments_replicas: 2, ..Default::default() };
    let Some(system) = own(options).await else { return };
    let addresses = system.addresses();
    let python = toolbox::python("e2e-tests/tools").await.join("python");
    let story = async |gateway: &str| {
        let mut story = Command::new(&python);
        story.arg("e2e-tests/tools/grpc_story.py").current_dir(workspace::root());
        for address in [gateway, &addresses.orders_grpc[0], &addresses.payments_grpc[0]] {
            story.arg(address.trim_start_matches("http://"));
        }
        story.arg(system.shop.base());
        let output = story.stdin(Stdio::null()).kill_on_drop(true).output().await.unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_good, said) = story(addresses.grpc.as_ref().unwrap()).await;
    assert!(is_good && said.contains("Ran 8 tests"), "{said}");
    system.audit.passes().await;

    // A service that is away is unavailable, and comes back.
    system.orders(0).kill();
    system.orders(1).kill();
    let (is_good, said) = story(addresses.grpc.as_ref().unwrap()).await;
    assert!(!is_good && said.contains("StatusCode.UNAVAILABLE"), "{said}");
    system.orders(0).start().await.unwrap();
    until("gRPC is back", async || {
        let (is_good, said) = story(addresses.grpc.as_ref().unwrap()).await;
        if is_good { Ok(()) } else { Err(said) }
    })
    .await;
}
