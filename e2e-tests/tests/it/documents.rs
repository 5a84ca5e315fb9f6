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
/// Fewer would mean that hardly anything was tried.
const LEAST_REQUESTS: u64 = 2_000;

/// Goal: the Postman collection tells its story. Method: newman runs it.
#[tokio::test]
async fn postman_collection_tells_its_story() {
    let mut newman = Command::new(toolbox::node(TOOLS).await.join("newman"));
    let (outside, report) = (outside().await, Report::new());
    newman.args(["run", "../../postman_collection.json", "--timeout-request", "30000", "--color", "off"]);
    newman.args(["--env-var", &format!("baseUrl={}", outside.shop.base())]);
    newman.args(["--env-var", &format!("pageOrigin={}", outside.page_origin)]);
    newman.args(["--reporters", "cli,json", "--reporter-json-export"]).arg(&report.0);
    let (is_content, said) = run(&mut newman).await;
    assert!(is_content, "{said}");
    let assertions = &report.read()["run"]["stats"]["assertions"];
    assert_eq!(assertions["failed"], 0, "{said}");
    assert!(assertions["total"].as_u64() >= Some(LEAST_ASSERTIONS), "{said}");
}

/// Goal: whatever is sent, the answer is one that openapi.yaml knows, and what it allows is taken. Method: Schemathesis makes
/// requests from the document, good ones and bad ones, alone and in sequences along its links.
#[tokio::test]
async fn answers_are_as_the_openapi_document_says() {
    let mut schemathesis = Command::new(toolbox::python(TOOLS).await.join("schemathesis"));
    let (outside, report) = (outside().await, Report::new());
    schemathesis.args(["--no-color", "run", "../../openapi.yaml", "--url", outside.shop.base()]);
    schemathesis.arg("--report-json-path").arg(&report.0);
    // Nothing is left in the folder.
    schemathesis.env("PYTHONDONTWRITEBYTECODE", "1");
    schemathesis.env("HYPOTHESIS_STORAGE_DIRECTORY", workspace::root().join("target/tools/hypothesis"));
    let (is_content, said) = run(&mut schemathesis).await;
    assert!(is_content, "{said}");
    let report = report.read();
    let [operations, cases] = ["operations", "test_cases"].map(|field| &report[field]);
    assert_eq!(
        (&operations["tested"], &cases["with_failures"]),
        (&operations["selected"], &0.into()),
        "{said}"
    );
    assert!(cases["generated"].as_u64() >= Some(LEAST_REQUESTS), "{said}");
    for (operation, phases) in report["valid_rates"].as_object().expect("rates") {
        let served: u64 = phases.as_object().expect("phases").values().map(served).sum();
        assert!(served > 0, "{operation} was never served, so that it was not tried: {phases}");
    }
}

/// Good requests of one phase that were served, or found that somebody else had been.
fn served(rate: &Value) -> u64 {
    ["accepted", "conflicts"].iter().filter_map(|outcome| rate[outcome].as_u64()).sum()
}

/// A file for a tool's report, which is deleted with it.
struct Report(PathBuf);

impl Report {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("gozon-{}.json", Uuid::new_v4())))
    }

    fn read(&self) -> Value {
        serde_json::from_slice(&fs::read(&self.0).expect("a report")).expect("JSON")
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether a tool was content, and what it said. It runs where its configuration is.
async fn run(tool: &mut Command) -> (bool, String) {
    tool.current_dir(workspace::root().join(TOOLS)).stdin(Stdio::null()).kill_on_drop(true);
    let output = tool.output().await.expect("it is installed");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}
