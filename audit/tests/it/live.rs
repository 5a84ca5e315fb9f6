//! The audit of a system at work.

use audit::Audit;
use e2e_tests::{Load, Shop};
use stack::{System, SystemOptions};

use crate::support::servers;

/// How many audits run under load.
const AUDITS: usize = 30;

/// Goal: no false alarm while orders are made, paid and settled. Method: audits one after another under load, in chunks so
/// small that many end among orders on their way, and each with new ones.
#[tokio::test]
async fn system_at_work_is_clean_whenever_it_is_audited() {
    let options = SystemOptions { orders_replicas: 2, payments_replicas: 2, ..SystemOptions::default() };
    let system = System::start(&servers().await, options).await.unwrap();
    let addresses = system.addresses();
    let load = Load::start(&Shop::at(addresses.gateway.as_deref().unwrap()), 6);
    for chunk_rows in (1..=AUDITS).map(|audit| 20 * audit) {
        load.advances(20).await;
        let audit = Audit::of(&addresses.orders_database, &addresses.payments_database);
        let audit = Audit { chunk_rows, ..audit };
        assert_eq!(audit.findings().await.unwrap(), [], "in chunks of {chunk_rows}");
    }
    let book = load.stop().await;
    assert_eq!(book.flaws, [""; 0]);
    let audit = Audit::of(&addresses.orders_database, &addresses.payments_database);
    let counts = audit.run(None, |_| {}).await.unwrap();
    assert_eq!((counts.orders, counts.findings), (book.orders.len() as u64, 0));
    system.stop().await.unwrap();
}
