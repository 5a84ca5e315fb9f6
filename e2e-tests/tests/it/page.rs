//! The page, in a browser: its own story, which is in the front end's folder.

use std::process::Stdio;

use stack::{SystemOptions, workspace};
use tokio::process::Command;

use crate::support::{DELIVERY_INTERVAL, outside, own};

/// Goal: the page does its work where users open it. Method: `npm run e2e` on the page's own address.
#[tokio::test]
async fn page_tells_its_story_in_a_browser() {
    let Some(system) = own(delivering()).await else { return };
    tell_story(system.addresses().page.as_deref().expect("a page")).await;
    system.audit.passes().await;
}

/// Goal: and at the gateway's root, where it needs no CORS. Method: the same there.
#[tokio::test]
async fn page_at_the_gateway_tells_its_story_in_a_browser() {
    match own(delivering()).await {
        Some(system) => tell_story(system.shop.base()).await,
        None => tell_story(outside().await.shop.base()).await,
    }
}

/// Slow enough for a user to cancel a paid order in time.
fn delivering() -> SystemOptions {
    let environment = vec![(DELIVERY_INTERVAL.into(), "4".into())];
    SystemOptions { environment, ..Default::default() }
}

async fn tell_story(page: &str) {
    let mut npm = Command::new("npm");
    npm.args(["run", "e2e"])
        .current_dir(workspace::root().join("frontend"))
        .env("PAGE_URL", page)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = npm.output().await.expect("npm is installed");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "the story of {page} failed:\n{said}\n{complained}");
    assert!(said.contains("pass ") && !said.contains("pass 0"), "nothing was told:\n{said}");
}
