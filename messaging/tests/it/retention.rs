//! Retention: the inbox forgets what is old, and nothing else.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel_async::{AnsiTransactionManager, SimpleAsyncConnection, TransactionManager};
use futures_util::future::join_all;
use messaging::retention::{DAY, Upkeep, run_once};
use messaging::{Event, Retention};
use uuid::Uuid;

use crate::support::{Amqp, Recorder, Running, World, eventually};

const SECOND: Duration = Duration::from_secs(1);
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What upkeep makes in a database that has no partition: this one's and seven ahead.
const FRESH: i32 = 8;
/// What one call deletes or moves, at most.
const MAX_ROWS: usize = 10_000;

const NOTHING: Upkeep =
    Upkeep { partitions_dropped: 0, partitions_created: 0, rows_deleted: 0, gave_way: false };

/// Goal: what is taken in for ever stays flat. Method: partitions of a second and a horizon of three; 400 events for each
/// second, each twice, until twelve partitions that held some are gone; after every upkeep count partitions, rows and
/// bytes. Without it the rows would have been three times what is allowed.
#[tokio::test(flavor = "multi_thread")]
async fn inbox_that_takes_in_for_ever_stays_flat() {
    const HORIZON: i64 = 3;
    const EVENTS_PER_PARTITION: i64 = 400;
    // Those that the horizon touches, and the current one.
    const FULL: i64 = HORIZON + 2;

    let world = World::calm().await;
    let amqp = Amqp::connect(&world).await;
    let mut conn = world.conn().await;
    run_once(&mut conn, 3 * SECOND, SECOND).await.unwrap();
    let recorder = Recorder::new();
    let consumer = world.run_consumer(&recorder);
    let (mut sent, mut last_second, mut forgotten) = (0, 0, 0);
    eventually("twelve full partitions are dropped", async || {
        let now = Utc::now();
        if now.timestamp() > last_second {
            last_second = now.timestamp();
            let events: Vec<Event> = (0..EVENTS_PER_PARTITION).map(|_| event_at(now)).collect();
            for chunk in events.chunks(50) {
                amqp.publish_events(chunk.iter().flat_map(|event| [event, event])).await;
            }
            sent += EVENTS_PER_PARTITION;
            // Only what has been taken in can be forgotten.
            world.until_count("effects", sent).await;
        }
        let before = world.count("inbox").await;
        let done = run_once(&mut conn, 3 * SECOND, SECOND).await.unwrap();
        let rows = world.count("inbox").await;
        forgotten += i64::from(rows < before);
        if !done.gave_way {
            let partitions = world.count("inbox_partitions").await;
            assert!(partitions <= FULL + 7, "{partitions} partitions");
            assert!(rows <= FULL * EVENTS_PER_PARTITION, "{rows} rows");
            let bytes = world.bytes_of("inbox").await;
            // 150 bytes for a row with its place in the index; 40 KiB for a table and an index that hold hardly anything.
            let most = FULL * EVENTS_PER_PARTITION * 150 + (FULL + 8) * (40 << 10);
            assert!(bytes <= most, "{bytes} bytes, more than {most}");
        }
        forgotten >= 12
    })
    .await;
    consumer.stop().await;

    assert_eq!(world.count("effects").await, sent);
    assert_eq!(world.count("(SELECT DISTINCT event_id FROM effects) AS ids").await, sent);
}

/// Goal: a partition goes when all of it is older than the horizon, not sooner. Method: partitions around a horizon of 30
/// days, an id in each; those that are kept are old after the upkeep and the others new.
#[tokio::test(flavor = "multi_thread")]
async fn upkeep_forgets_what_is_older_than_the_horizon_and_nothing_else() {
    let world = World::calm().await;
    let mut conn = world.conn().await;
    for (name, from, to) in [("older", 984, 960), ("just_older", 744, 732), ("touched", 732, 708)] {
        let hour = |hours| format!("inbox_first_id(now() - interval '{hours} hours')");
        let (from, to) = (hour(from), hour(to));
        world
            .sql(&format!("CREATE TABLE {name} PARTITION OF inbox FOR VALUES FROM ({from}) TO ({to})"))
            .await;
    }
    let ids = [970, 740, 725, 710, 1, -24].map(|hours| id_at(Utc::now() - TimeDelta::hours(hours)));
    assert_eq!(world.accept(&ids).await.len(), 6);

    let done = run_once(&mut conn, MONTH, DAY).await.unwrap();
    assert_eq!(done, Upkeep { partitions_dropped: 2, partitions_created: FRESH, ..NOTHING });
    assert_eq!(world.accept(&ids).await, ids[..2].iter().copied().collect());
    assert_eq!(run_once(&mut conn, MONTH, DAY).await.unwrap(), NOTHING);
}

/// Goal: ids that carry no time are accepted once, and forgotten when they were received before the horizon; so many at
/// a time that no call takes long.
#[tokio::test(flavor = "multi_thread")]
async fn ids_without_a_time_are_forgotten_by_when_they_were_received() {
    let world = World::calm().await;
    let mut conn = world.conn().await;
    run_once(&mut conn, MONTH, DAY).await.unwrap();
    let ids: Vec<Uuid> = (0..MAX_ROWS + 2).map(|_| id_without_time()).collect();
    assert_eq!(world.accept(&ids).await.len(), ids.len());
    assert_eq!(world.accept(&ids).await.len(), 0);
    let kept = ids[7];
    let age = format!(
        "UPDATE inbox SET received_at = now() - interval '30 days 1 hour' WHERE message_id <> '{kept}'"
    );
    world.sql(&age).await;

    for rows_deleted in [10_000, 1, 0] {
        assert_eq!(run_once(&mut conn, MONTH, DAY).await.unwrap(), Upkeep { rows_deleted, ..NOTHING });
    }
    let accepted = world.accept(&ids).await;
    assert_eq!((accepted.len(), accepted.contains(&kept)), (ids.len() - 1, false));
}

/// Goal: ids that came before their partition do not stand in its way, and stay old. Method: ids of the coming days, few
/// of most and very many of one, before the first upkeep.
#[tokio::test(flavor = "multi_thread")]
async fn ids_that_came_before_their_partition_are_moved_or_left() {
    let world = World::calm().await;
    let mut conn = world.conn().await;
    // Upkeep would give way to it.
    world.sql("ALTER TABLE inbox_default SET (autovacuum_enabled = off)").await;
    let in_days = |days| id_at(Utc::now() + TimeDelta::days(days));
    let few: Vec<Uuid> = (1..=4).flat_map(|days| [in_days(days), in_days(days)]).collect();
    let many: Vec<Uuid> = (0..=MAX_ROWS).map(|_| in_days(6)).collect();
    for ids in [&few, &many] {
        assert_eq!(world.accept(ids).await.len(), ids.len());
    }
    assert_eq!(world.count("inbox_default").await, (few.len() + many.len()) as i64);

    let done = run_once(&mut conn, MONTH, DAY).await.unwrap();
    assert_eq!(done, Upkeep { partitions_created: FRESH - 1, ..NOTHING });
    assert_eq!(run_once(&mut conn, MONTH, DAY).await.unwrap(), NOTHING);
    assert_eq!(world.count("inbox_default").await, many.len() as i64);
    for ids in [&few, &many] {
        assert_eq!(world.accept(ids).await.len(), 0);
    }
}

/// Goal: replicas do not disturb each other. Method: one is held in the middle of its upkeep while another comes; then
/// four at once, again and again, while partitions come and go.
#[tokio::test(flavor = "multi_thread")]
async fn upkeep_by_several_at_once_is_done_by_one() {
    let world = World::calm().await;
    let (mut first, mut second) = (world.conn().await, world.conn().await);
    AnsiTransactionManager::begin_transaction(&mut *first).await.unwrap();
    let done = run_once(&mut first, SECOND, SECOND).await.unwrap();
    assert_eq!(done, Upkeep { partitions_created: FRESH, ..NOTHING });
    assert_eq!(run_once(&mut second, SECOND, SECOND).await.unwrap(), NOTHING);
    AnsiTransactionManager::commit_transaction(&mut *first).await.unwrap();

    let (mut dropped, mut created) = (0, i64::from(FRESH));
    eventually("partitions come and go", async || {
        let upkeep = async || run_once(&mut *world.conn().await, SECOND, SECOND).await.unwrap();
        for done in join_all([upkeep(), upkeep(), upkeep(), upkeep()]).await {
            dropped += i64::from(done.partitions_dropped);
            created += i64::from(done.partitions_created);
        }
        dropped >= 3
    })
    .await;
    assert_eq!(world.count("inbox_partitions").await, created - dropped);
}

/// Goal: upkeep waits for nobody who takes long, such as a backup, and does what it can. Method: somebody reads the inbox
/// in a transaction that stays open, when a partition should go.
#[tokio::test(flavor = "multi_thread")]
async fn upkeep_gives_way_to_a_reader_and_drops_afterwards() {
    let world = World::calm().await;
    let (mut conn, mut reader) = (world.conn().await, world.conn().await);
    world
        .sql(
            "CREATE TABLE old PARTITION OF inbox
             FOR VALUES FROM (inbox_first_id('2020-01-01')) TO (inbox_first_id('2020-01-02'))",
        )
        .await;
    AnsiTransactionManager::begin_transaction(&mut *reader).await.unwrap();
    reader.batch_execute("LOCK TABLE ONLY inbox IN ACCESS SHARE MODE").await.unwrap();

    let done = run_once(&mut conn, MONTH, DAY).await.unwrap();
    assert_eq!(done, Upkeep { partitions_created: FRESH, gave_way: true, ..NOTHING });
    AnsiTransactionManager::rollback_transaction(&mut *reader).await.unwrap();
    let done = run_once(&mut conn, MONTH, DAY).await.unwrap();
    assert_eq!(done, Upkeep { partitions_dropped: 1, ..NOTHING });
}

/// Goal: who only works with the tables can have them kept small. Method: a role with the rights that the documentation
/// asks for, with tables of its own in the way of those that are meant.
#[tokio::test(flavor = "multi_thread")]
async fn role_that_may_not_drop_a_table_can_run_the_upkeep() {
    let world = World::calm().await;
    let role = &world.virtual_host;
    world
        .sql(&format!(
            "CREATE TABLE old PARTITION OF inbox
             FOR VALUES FROM (inbox_first_id('2020-01-01')) TO (inbox_first_id('2020-01-02'));
             CREATE ROLE \"{role}\";
             GRANT SELECT, INSERT ON inbox TO \"{role}\""
        ))
        .await;
    let mut conn = world.conn().await;
    let act_as =
        format!("SET ROLE \"{role}\"; SET search_path = pg_temp, public; CREATE TEMP TABLE inbox_default ()");
    conn.batch_execute(&act_as).await.unwrap();
    let refused = run_once(&mut conn, MONTH, DAY).await.unwrap_err();
    assert!(refused.to_string().contains("permission denied"), "{refused}");

    world.sql(&format!("GRANT EXECUTE ON FUNCTION inbox_upkeep TO \"{role}\"")).await;
    conn.batch_execute("DROP TABLE old").await.unwrap_err();
    let done = run_once(&mut conn, MONTH, DAY).await.unwrap();
    assert_eq!(done, Upkeep { partitions_dropped: 1, partitions_created: FRESH, ..NOTHING });
}

/// Goal: the task works from the start, and ends when it is asked to.
#[tokio::test(flavor = "multi_thread")]
async fn retention_works_at_start_and_ends_in_order() {
    let world = World::calm().await;
    let retention = Retention { pool: world.pool.clone(), horizon: MONTH };
    let running = Running::spawn(|shutdown| retention.run(shutdown));
    world.until_count("inbox_partitions", FRESH.into()).await;
    running.stop().await;
}

fn event_at(time: DateTime<Utc>) -> Event {
    Event::new("test", "Ordinary", id_at(time), time, &1)
}

/// A UUID v7 of that time.
fn id_at(time: DateTime<Utc>) -> Uuid {
    let mut random = [0; 10];
    fastrand::fill(&mut random);
    uuid::Builder::from_unix_timestamp_millis(time.timestamp_millis() as u64, &random).into_uuid()
}

/// A UUID v4 that is in no partition's range; one of a hundred thousand is.
fn id_without_time() -> Uuid {
    let mut random = [0xff; 16];
    fastrand::fill(&mut random[1..]);
    uuid::Builder::from_random_bytes(random).into_uuid()
}
