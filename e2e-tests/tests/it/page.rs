//! The page, in a browser: its own story, which is in the front end's folder.

use std::process::Stdio;

use stack::{SystemOptions, workspace};
use tokio::process::Command;

use crate::support::{DELIVERY_INTERVAL, outside, own};

const ALL: [&str; 3] = ["npm", "run", "e2e"];
/// The stories of accounts and orders.
const SHOP: [&str; 4] = ["node", "--test", "--test-reporter=spec", "e2e/shop.test.mjs"];

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

/// Slow enough for a user to cancel a paid order in time.
fn delivering() -> SystemOptions {
    let environment = vec![(DELIVERY_INTERVAL.into(), "4".into())];
    SystemOptions { environment, ..Default::default() }
}

async fn tell_stories(page: &str, command: &[&str]) {
    let mut stories = Command::new(command[0]);
    stories
        .args(&command[1..])
        .current_dir(workspace::root().join("frontend"))
        .env("PAGE_URL", page)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = stories.output().await.expect("Node.js is installed");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the story of {page} failed:\n{said}\n{complained}");
    assert!(said.contains("pass ") && !said.contains("pass 0"), "nothing was told:\n{said}");
}
