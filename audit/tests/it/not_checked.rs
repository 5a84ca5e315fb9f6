//! Databases that can't be checked, and a login that can no more than that.

use audit::Audit;
use e2e_tests::Database;
use stack::free_port;

use crate::support::{Books, servers};

/// Goal: one reads which database is away, and never a password. Method: a port that nobody listens on.
#[tokio::test]
async fn database_that_is_away_is_named() {
    let books = Books::in_order().await;
    let port = free_port().unwrap();
    let away = format!("postgres://gozon:secret@127.0.0.1:{port}/payments");
    let audit = Audit { payments_database: away, ..books.audit };
    let error = audit.findings().await.unwrap_err().to_string();
    let place = format!("the payments database at 127.0.0.1:{port}/payments cannot be checked");
    assert!(error.starts_with(&place) && error.contains("refused") && error.contains("try again"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

/// Goal: wrong addresses are no clean verdict. Method: the two addresses swapped, and one that is none.
#[tokio::test]
async fn wrong_addresses_are_told() {
    let books = Books::in_order().await;
    let Audit { orders_database, payments_database, .. } = &books.audit;
    let swapped = Audit::of(payments_database, orders_database).findings().await.unwrap_err().to_string();
    assert!(swapped.contains("is this the right database"), "{swapped}");
    let none = Audit::of("nonsense", payments_database).findings().await.unwrap_err().to_string();
    assert!(none.contains("should be like postgres://"), "{none}");
}

/// Goal: an audit needs no right but to read, and one without is told what is missing. Method: a login without any right,
/// before and after it gets that one.
#[tokio::test]
async fn login_that_may_only_read_is_enough() {
    let books = Books::in_order().await;
    let login = format!("auditor_{}", servers().await.fresh_name());
    books.orders.execute(&format!("CREATE ROLE {login} LOGIN")).await.unwrap();
    let url = |url: &str| url.replace("gozon:gozon@", &format!("{login}@"));
    let audit = Audit::of(&url(&books.audit.orders_database), &url(&books.audit.payments_database));
    let error = audit.findings().await.unwrap_err().to_string();
    assert!(error.contains("pg_read_all_data"), "{error}");
    books.orders.execute(&format!("GRANT pg_read_all_data TO {login}")).await.unwrap();
    assert_eq!(audit.findings().await.unwrap(), []);
    Database::connect(&books.audit.orders_database)
        .await
        .execute(&format!("DROP ROLE {login}"))
        .await
        .unwrap();
}
