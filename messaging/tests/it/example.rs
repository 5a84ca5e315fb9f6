//! The example works.

#[allow(dead_code)] // Its `main`, which reads the addresses from the environment.
#[path = "../../examples/ticker.rs"]
mod ticker;

use crate::support::World;

/// Goal: what newcomers run first works, on an empty database and an empty broker, and again on what it left there.
#[tokio::test(flavor = "multi_thread")]
async fn example_runs_to_its_end() {
    let world = World::calm().await;
    let database = world.servers.fresh_name();
    let database_url = world.servers.create_database(&database).await.unwrap();
    for _ in 0..2 {
        assert_eq!(ticker::run(&database_url, &world.amqp_url).await.unwrap(), 3);
    }
}
