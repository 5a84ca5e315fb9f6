//! The page, in a browser: its own story, which is in the front end's folder.

use std::process::Stdio;

use stack::{SystemOptions, workspace};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::{DELIVERY_INTERVAL, outside, own, own_servers};

const ALL: [&str; 3] = ["npm", "run", "e2e"];
/// The stories of accounts and orders.
const SHOP: [&str; 4] = ["node", "--test", "--test-reporter=spec", "e2e/shop.test.mjs"];

/// Two windows, whatever happens behind them.
const RESTARTS: [&str; 2] = ["node", "e2e/restarts.mjs"];

/// Goal: the page does its work where users open it. Method: `npm run e2e` on the page's own address.
#[tokio::test]
async fn page_tells_its_story_in_a_browser() {
    let Some(system) = own(delivering()).await else { return };
    tell_stories(system.addresses().page.as_deref().expect("a page"), &ALL).await;
    system.audit.passes().await;
}

/// Goal: and at the gateway's root, where it needs no CORS. Method: the shop's stories there.
#[tokio::test]
async fn page_at_the_gateway_tells_its_story_in_a_browser() {
    match own(delivering()).await {
        Some(system) => tell_stories(system.shop.base(), &SHOP).await,
        None => tell_stories(outside().await.shop.base(), &SHOP).await,
    }
}

/// Goal: windows that are open come to show what there is by themselves. Method: two of them on one user who orders all the
/// time, while a replica, the gateway and the broker are killed and come back.
#[tokio::test]
async fn windows_show_what_there_is_after_restarts() {
    let options = SystemOptions { orders_replicas: 2, ..delivering() };
    let Some(system) = own_servers(options).await else { return };
    let page = system.addresses().page.as_deref().expect("a page");
    let mut story = story_of(page, &RESTARTS);
    story.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut story = story.spawn().expect("Node.js is installed");
    let mut said = BufReader::new(story.stdout.take().expect("a pipe")).lines();
    while said.next_line().await.unwrap().expect("it says when it is ready") != "ready" {}
    let load = system.load().await;
    for part in [system.orders(0), system.gateway(), system.servers().rabbitmq()] {
        part.kill();
        part.start().await.unwrap();
        load.advances(30).await;
    }
    load.stop().await;
    drop(story.stdin.take());
    let mut rest = String::new();
    while let Some(line) = said.next_line().await.unwrap() {
        rest += &(line + "\n");
    }
    let ended = story.wait().await.unwrap();
    assert!(ended.success(), "the windows of {page} do not show what there is:\n{rest}");
    // Requests that the gateway took with it got no answer, so the money is all there is to look at.
    system.audit.passes().await;
}

/// Slow enough for a user to cancel a paid order in time.
fn delivering() -> SystemOptions {
    // Long enough to cancel an order before it is shipped, on a machine that has other things to do.
    let environment = vec![(DELIVERY_INTERVAL.into(), "8".into())];
    SystemOptions { environment, ..Default::default() }
}

fn story_of(page: &str, command: &[&str]) -> Command {
    let mut story = Command::new(command[0]);
    story
        .args(&command[1..])
        .current_dir(workspace::root().join("frontend"))
        .env("PAGE_URL", page)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    story
}

async fn tell_stories(page: &str, command: &[&str]) {
    let output = story_of(page, command).output().await.expect("Node.js is installed");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the story of {page} failed:\n{said}\n{complained}");
    assert!(said.contains("pass ") && !said.contains("pass 0"), "nothing was told:\n{said}");
}
