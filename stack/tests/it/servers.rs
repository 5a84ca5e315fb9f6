//! Servers: started, ended in every way, and gone in the end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use nix::libc::O_SYNC;
use nix::unistd::geteuid;
use stack::{ProcessId, Servers, ServersOptions, http, kept_folder};
use tokio::time::timeout;

use crate::support::{eventually, fresh_folder, processes_of, query};

async fn start() -> Servers {
    Servers::start(ServersOptions::default()).await.unwrap()
}

/// Goal: whoever uses the library owes no clean-up. Method: look at the machine's processes and at the folder.
#[tokio::test]
async fn servers_start_and_leave_nothing_behind() {
    let begun = Instant::now();
    let servers = start().await;
    println!("ready after {:?}", begun.elapsed());
    let folder = servers.folder().to_owned();
    // The watchdog, epmd, RabbitMQ and its helpers, PostgreSQL and its background processes.
    let running = processes_of(&folder);
    assert!(running.len() >= 8, "{running:#?}");

    drop(servers);
    assert_eq!(processes_of(&folder), [""; 0]);
    assert!(!folder.exists());
}

/// Goal: an orderly stop is one, for the data of a kept folder.
#[tokio::test]
async fn stopped_servers_have_ended_by_themselves() {
    let servers = start().await;
    let begun = Instant::now();
    for part in servers.parts() {
        if part.name() != "epmd" {
            let status = part.terminate().await.unwrap();
            assert!(status.success(), "{} ended with {status}", part.name());
        }
    }
    println!("stopped after {:?}", begun.elapsed());
}

/// Goal: what was committed before a kill is there after the restart, on the same address, and no process of the killed
/// cluster keeps it from starting.
#[tokio::test]
async fn killed_postgres_restarts_with_its_data() {
    let servers = start().await;
    let url = servers.create_database("kept").await.unwrap();
    query(&url, "CREATE TABLE things AS SELECT 42 AS number").await.unwrap();

    for _ in 0..3 {
        servers.postgres().kill();
        assert_eq!(servers.postgres().process(), None);
        query(&url, "SELECT 1").await.expect_err("nobody listens");
        servers.postgres().start().await.unwrap();
        assert_eq!(query(&url, "SELECT number FROM things").await.unwrap(), ["42"]);
    }
}

/// Goal: PostgreSQL that is stopped in the midst of it, or loses one of its processes, recovers what was committed. Method:
/// its own log says that it had to.
#[tokio::test]
async fn aborted_postgres_recovers_what_was_committed() {
    let servers = start().await;
    let url = servers.create_database("kept").await.unwrap();
    let postgres = servers.postgres();
    let log = || fs::read_to_string(postgres.log()).unwrap();

    query(&url, "CREATE TABLE things AS SELECT 42 AS number").await.unwrap();
    postgres.abort().await.unwrap();
    query(&url, "SELECT 1").await.expect_err("nobody listens");
    postgres.start().await.unwrap();
    assert_eq!(query(&url, "SELECT number FROM things").await.unwrap(), ["42"]);
    assert!(log().contains("was not properly shut down; automatic recovery in progress"), "{}", log());

    query(&url, "UPDATE things SET number = 43").await.unwrap();
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let backend = client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    ProcessId::of(backend).unwrap().kill_tree();
    connection.await.unwrap().expect_err("it was killed");
    eventually("every session has ended", || log().contains("all server processes terminated")).await;
    postgres.wait_ready().await.unwrap();
    assert_eq!(query(&url, "SELECT number FROM things").await.unwrap(), ["43"]);
}

/// Goal: a paused server answers nobody, not even on connections that it has, and goes on as if nothing had happened.
#[tokio::test]
async fn paused_postgres_answers_after_it_is_resumed() {
    let servers = start().await;
    let url = servers.database_url("postgres");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    let connection = tokio::spawn(connection);

    servers.postgres().pause().unwrap();
    let mut answer = Box::pin(client.simple_query("SELECT 1"));
    timeout(Duration::from_millis(500), &mut answer).await.expect_err("it is paused");
    servers.postgres().resume().unwrap();
    answer.await.unwrap();

    drop(client);
    connection.await.unwrap().unwrap();
}

/// Goal: a broker's restart keeps its virtual hosts' contents, wiping it keeps only the virtual hosts. Method: an exchange
/// made through the management interface is the content. (A broker that is killed may forget what was declared within the
/// last seconds: it writes that down with a delay.)
#[tokio::test]
async fn rabbitmq_keeps_its_contents_unless_it_is_wiped() {
    let servers = start().await;
    servers.create_virtual_host("shop").await.unwrap();
    let exchange = "/api/exchanges/shop/orders";
    assert_eq!(manage(&servers, "PUT", exchange, r#"{"type":"topic","durable":true}"#).await, 201);

    let begun = Instant::now();
    servers.rabbitmq().restart().await.unwrap();
    println!("restarted after {:?}", begun.elapsed());
    assert_eq!(manage(&servers, "GET", exchange, "").await, 200);

    let begun = Instant::now();
    servers.wipe_rabbitmq().await.unwrap();
    println!("wiped after {:?}", begun.elapsed());
    assert_eq!(manage(&servers, "GET", exchange, "").await, 404);
    assert_eq!(manage(&servers, "GET", "/api/vhosts/shop", "").await, 200);
}

/// Goal: what quorum queues write is on disk when the write returns. Method: how the broker has its log open.
/// (RabbitMQ 4.3 and later have no setting for that.)
#[tokio::test]
async fn rabbitmq_flushes_what_it_writes() {
    let servers = start().await;
    let process = format!("/proc/{}", servers.rabbitmq().process().unwrap().pid);
    let flags: Vec<i32> = fs::read_dir(format!("{process}/fd"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|file| {
            fs::read_link(file.path()).is_ok_and(|to| to.extension().is_some_and(|kind| kind == "wal"))
        })
        .map(|file| fs::read_to_string(format!("{process}/fdinfo/{}", file.file_name().display())).unwrap())
        .map(|info| {
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
            i32::from_str_radix(flags.trim(), 8).unwrap()
        })
        .collect();
    assert_ne!(flags, [0; 0]);
    assert!(flags.iter().all(|flags| flags & O_SYNC == O_SYNC), "{flags:?}");
}

/// Goal: a checkout in a private folder works, for root too, whose PostgreSQL is another user. Method: data survives a
/// stop in a folder that only its owner may enter.
#[tokio::test]
async fn folder_closed_to_others_keeps_its_data() {
    let closed = fresh_folder();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let folder = closed.join("data");
    fs::create_dir(&folder).unwrap();
    let cluster = kept_folder(&folder).unwrap();
    assert_eq!(cluster.starts_with(&closed), !geteuid().is_root());

    let options = ServersOptions { folder: Some(folder), console_port: None };
    let servers = Servers::start(options.clone()).await.unwrap();
    let url = servers.create_database("kept").await.unwrap();
    query(&url, "CREATE TABLE things AS SELECT 42 AS number").await.unwrap();
    servers.stop().await;
    drop(servers);

    let servers = Servers::start(options).await.unwrap();
    let url = servers.create_database("kept").await.unwrap();
    assert_eq!(query(&url, "SELECT number FROM things").await.unwrap(), ["42"]);
    drop(servers);
    fs::remove_dir_all(closed).unwrap();
    let _ = fs::remove_dir_all(cluster);
}

/// A request to the management interface; returns the status.
async fn manage(servers: &Servers, method: &str, path: &str, body: &str) -> u16 {
    let port = servers.console_url().rsplit(':').next().unwrap().parse().unwrap();
    // user:password in base64.
    let headers = "Authorization: Basic dXNlcjpwYXNzd29yZA==\r\nContent-Type: application/json\r\n";
    http::status(method, port, path, headers, body).await.unwrap()
}
