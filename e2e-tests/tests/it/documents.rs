//! What the documents say is what the system does.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use e2e_tests::toolbox;
use serde_json::Value;
use stack::workspace;
use tokio::process::Command;
use uuid::Uuid;

use crate::support::outside;

const TOOLS: &str = "e2e-tests/tools";

/// Fewer would mean that parts of the story were not told.
const LEAST_ASSERTIONS: u64 = 120;

/// Goal: the Postman collection tells its story. Method: newman runs it.
#[tokio::test]
async fn postman_collection_tells_its_story() {
    let outside = outside().await;
    let report = Report::new();
    let mut newman = Command::new(toolbox::node(TOOLS).await.join("newman"));
    newman.args(["run", "postman_collection.json", "--timeout-request", "30000"]);
    newman.args(["--env-var", &format!("baseUrl={}", outside.shop.base())]);
    newman.args(["--env-var", &format!("pageOrigin={}", outside.page_origin)]);
    newman.args(["--reporters", "cli,json", "--reporter-json-export"]).arg(&report.0);
    let (is_good, said) = run(&mut newman).await;
    assert!(is_good, "{said}");
    let report: Value = serde_json::from_slice(&fs::read(&report.0).unwrap()).unwrap();
    let stats = &report["run"]["stats"];
    assert_eq!(stats["assertions"]["failed"], 0, "{said}");
    assert!(stats["assertions"]["total"].as_u64() >= Some(LEAST_ASSERTIONS), "{said}");
}

/// A file for a tool's report, which is deleted with it.
struct Report(PathBuf);

impl Report {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("gozon-{}.json", Uuid::new_v4())))
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether a tool was content, and what it said.
async fn run(tool: &mut Command) -> (bool, String) {
    tool.current_dir(workspace::root()).stdin(Stdio::null()).kill_on_drop(true);
    let output = tool.output().await.expect("it is installed");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
