//! The document of the API and the API itself name the same things.

use std::collections::BTreeSet;

use e2e_tests::Shop;
use serde_json::Value;
use stack::SystemOptions;

use crate::support::own;

/// Goal: every route is documented, and everything that is documented is a route. Method: what the services list, against the
/// document; what the document alone knows are documents, which the gateway has.
#[tokio::test]
async fn every_route_is_documented_and_every_documented_route_is_there() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    let document: Value = system.shop.get("/swagger/doc.json").send().await.expect(200).json();
    let mut served = BTreeSet::new();
    for service in [&system.addresses().orders[0], &system.addresses().payments[0]] {
        let routes: Vec<String> = Shop::at(service).get("/routes").send().await.expect(200).json();
        served.extend(routes);
    }
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if method == "parameters" {
                continue;
            }
            if operation["tags"][0] == "Documents" {
                is_a_document(&system.shop, path, operation).await;
            } else {
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let undocumented: Vec<_> = served.difference(&documented).collect();
    assert!(
        undocumented.is_empty(),
        "openapi.yaml does not say that there are {undocumented:?}: document them"
    );
    let missing: Vec<_> = documented.difference(&served).collect();
    assert!(missing.is_empty(), "openapi.yaml says that there are {missing:?}, and no service has them");
}

async fn is_a_document(shop: &Shop, path: &str, operation: &Value) {
    let path = path.replace("{subject}", "OrderCreated").replace("{version}", "1");
    let answer = shop.get(&path).send().await.expect(200);
    let kind = answer.header("Content-Type").unwrap_or_default().split(';').next();
    let known = operation["responses"]["200"]["content"].as_object().unwrap();
    assert_eq!(known.keys().map(String::as_str).next(), kind, "{path}");
}

/// Goal: what is no document is a problem, as everywhere in the API, and not the page. Method: ask for such.
#[tokio::test]
async fn schemas_that_there_are_not_are_problems() {
    let Some(system) = own(SystemOptions::default()).await else { return };
    for path in
        ["/schemas/", "/schemas/Nothing/versions/1", "/schemas/OrderCreated/versions/99", "/schemas/x"]
    {
        system.shop.get(path).send().await.problem(404, "not_found");
    }
    system.shop.post("/schemas").send().await.problem(405, "method_not_allowed");
}
