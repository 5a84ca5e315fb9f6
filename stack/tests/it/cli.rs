//! `cargo stack` as a user meets it, on a data folder of its own.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::Signal;
use stack::{PartProcess, ProcessId, Status, free_port, http};

use crate::support::{eventually, fresh_folder, processes_of};

/// A data folder and the ports of its system.
struct Stack {
    folder: PathBuf,
    ports: [u16; 4],
}

impl Stack {
    fn new() -> Self {
        Self { folder: fresh_folder(), ports: [(); 4].map(|()| free_port().unwrap()) }
    }

    fn command(&self, verb: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stack"));
        command.arg("--folder").arg(&self.folder).arg(verb);
        command
    }

    fn run(&self, verb: &str, arguments: &[&str]) -> (bool, String) {
        text(self.command(verb).args(arguments).output().unwrap())
    }

    fn up(&self) -> Command {
        let mut command = self.command("up");
        for (option, port) in
            ["--port", "--page-port", "--console-port", "--grpc-port"].into_iter().zip(self.ports)
        {
            command.arg(option).arg(port.to_string());
        }
        command
    }

    /// The process of a part, if the status names one.
    fn process(&self, part: &str) -> Option<ProcessId> {
        let status = Status::read(&self.folder).unwrap().unwrap();
        status.processes.into_iter().find(|process| process.part == part).map(|part| part.process)
    }

    /// The process of the script that clears up after a runner that was killed.
    fn watchdog(&self) -> ProcessId {
        let script = self.folder.join("watchdog.sh");
        let is_it = |pid: &i32| {
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            command.split('\0').any(|argument| Path::new(argument) == script)
        };
        let mut pids =
            fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        ProcessId::of(pids.find(is_it).expect("a watchdog")).unwrap()
    }

    /// `up` in the foreground, ready. Its output is in the folder.
    async fn up_in_foreground(&self) -> Child {
        let output = File::create(self.folder.join("output")).unwrap();
        let mut runner = self.up().stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap();
        eventually("the system is ready", || {
            let ended = runner.try_wait().unwrap();
            assert_eq!(ended, None, "{}", fs::read_to_string(self.folder.join("output")).unwrap());
            // A runner that was killed has left a status too.
            let status = Status::read(&self.folder).unwrap();
            let ours = status.filter(|status| status.runner.pid == runner.id() as i32);
            ours.is_some_and(|status| status.addresses.is_some())
        })
        .await;
        runner
    }
}

impl Drop for Stack {
    /// A test that failed leaves nothing behind either.
    fn drop(&mut self) {
        self.run("reset", &[]);
    }
}

/// Whether it succeeded, and all it printed.
fn text(output: Output) -> (bool, String) {
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(printed).unwrap())
}

/// Goal: one reads where everything is, everything answers there, and `down` takes it all away.
#[tokio::test]
async fn detached_stack_answers_on_its_ports_until_down() {
    let stack = Stack::new();
    let (succeeded, printed) = text(stack.up().arg("--detach").output().unwrap());
    assert!(succeeded, "{printed}");
    for port in stack.ports {
        assert!(printed.contains(&format!("http://localhost:{port}")), "{printed}");
    }
    let [http @ .., grpc] = stack.ports;
    for port in http {
        assert!(http::status("GET", port, "/", "", "").await.is_ok(), "nobody answers on {port}");
    }
    assert!(TcpStream::connect(("127.0.0.1", grpc)).is_ok(), "nobody answers on {grpc}");

    let (succeeded, printed) = text(stack.up().output().unwrap());
    assert!(succeeded && printed.starts_with("It runs already"), "{printed}");

    let (_, printed) = stack.run("status", &["--json"]);
    let status: Status = serde_json::from_str(&printed).unwrap();
    assert_eq!(status.addresses.unwrap().gateway.unwrap(), format!("http://127.0.0.1:{}", stack.ports[0]));
    let parts: Vec<_> = status.processes.iter().map(|process| process.part.as_str()).collect();
    assert_eq!(parts, ["postgres", "epmd", "rabbitmq", "orders-0", "payments-0", "gateway"]);
    assert!(status.processes.iter().all(|part| part.process.is_alive()));

    let (succeeded, printed) = stack.run("down", &[]);
    assert!(succeeded && printed.contains("Everything is stopped"), "{printed}");
    assert_eq!(processes_of(&stack.folder), [""; 0]);
    let (succeeded, printed) = stack.run("status", &[]);
    assert!(!succeeded && printed.contains("nothing runs"), "{printed}");

    assert!(stack.run("reset", &[]).0);
    assert!(!stack.folder.exists());
}

/// Goal: Ctrl-C stops everything in good order. Method: PostgreSQL says so in its log, and the exit is a success.
#[tokio::test]
async fn interrupted_stack_stops_in_good_order() {
    let stack = Stack::new();
    let mut runner = stack.up_in_foreground().await;
    ProcessId::of(runner.id() as i32).unwrap().signal(Signal::SIGINT);
    assert!(runner.wait().unwrap().success());
    assert_eq!(processes_of(&stack.folder), [""; 0]);
    let log = fs::read_to_string(stack.folder.join("logs/postgres.log")).unwrap();
    assert!(log.contains("database system is shut down"), "{log}");
}

/// Goal: not even SIGKILL leaves a process, and the next `up` works with what was there. The watchdog needs a moment.
#[tokio::test]
async fn killed_stack_leaves_no_process_and_starts_again() {
    let stack = Stack::new();
    let mut runner = stack.up_in_foreground().await;
    runner.kill().unwrap();
    runner.wait().unwrap();
    eventually("every process has ended", || processes_of(&stack.folder).is_empty()).await;

    stack.up_in_foreground().await.kill().unwrap();
}

/// Goal: a part that somebody kills is started again, and nothing of it is in its successor's way or stays in the end.
/// Method: kill the gateway's first process alone; its workers would go on, and keep its ports.
#[tokio::test]
async fn killed_part_is_started_again() {
    let stack = Stack::new();
    let mut runner = stack.up_in_foreground().await;
    for part in ["orders-0", "gateway"] {
        let first = stack.process(part).unwrap();
        first.signal(Signal::SIGKILL);
        eventually("another has taken its place", || stack.process(part).is_some_and(|now| now != first))
            .await;
    }
    ProcessId::of(runner.id() as i32).unwrap().signal(Signal::SIGTERM);
    assert!(runner.wait().unwrap().success());
    assert_eq!(processes_of(&stack.folder), [""; 0]);
}

/// Goal: the same if the runner is killed before it can know that the gateway was. Method: it is halted meanwhile; first
/// the watchdog clears up, and then, since that was killed as well, `down`.
#[tokio::test]
async fn workers_of_a_killed_gateway_do_not_outlive_a_killed_runner() {
    let stack = Stack::new();
    for has_watchdog in [true, false] {
        let mut runner = stack.up_in_foreground().await;
        let process = ProcessId::of(runner.id() as i32).unwrap();
        process.signal(Signal::SIGSTOP);
        if !has_watchdog {
            stack.watchdog().signal(Signal::SIGKILL);
        }
        stack.process("gateway").unwrap().signal(Signal::SIGKILL);
        process.signal(Signal::SIGKILL);
        runner.wait().unwrap();
        if !has_watchdog {
            let (succeeded, printed) = stack.run("down", &[]);
            assert!(succeeded && printed.contains("What a killed run left is stopped"), "{printed}");
        }
        eventually("every process has ended", || processes_of(&stack.folder).is_empty()).await;
    }
}

/// Goal: a part that does not start is named, its log is shown, and nothing stays. Method: a damaged database folder.
#[test]
fn failed_start_shows_the_log_and_leaves_no_process() {
    let stack = Stack::new();
    let cluster = stack::kept_folder(&stack.folder).unwrap();
    fs::create_dir_all(&cluster).unwrap();
    for extra in [&[][..], &["--detach"]] {
        let (succeeded, printed) = text(stack.up().args(extra).output().unwrap());
        assert!(!succeeded, "{printed}");
        assert!(
            printed.contains("error: postgres has ended") && printed.contains("the last lines of"),
            "{printed}"
        );
        assert_eq!(processes_of(&stack.folder), [""; 0]);
    }
}

/// Goal: the user reads which port is taken, by what it was meant for, and how to move it.
#[test]
fn taken_port_is_named_with_the_option_that_moves_it() {
    let stack = Stack::new();
    let _taken = TcpListener::bind(("127.0.0.1", stack.ports[1])).unwrap();
    let (succeeded, printed) = text(stack.up().output().unwrap());
    assert!(!succeeded);
    let expected = format!("port {}, meant for the page, is taken", stack.ports[1]);
    assert!(printed.contains(&expected) && printed.contains("--page-port"), "{printed}");
}

/// Goal: asking for the status is in no `up`'s way, and believes no status that a killed run left. Method: it does not
/// touch the lock, which is not even there; the runner that the status names is no process that lives.
#[test]
fn status_leaves_the_lock_alone() {
    let stack = Stack::new();
    let current = ProcessId::current();
    let mut status = Status {
        runner: ProcessId { started_ticks: current.started_ticks - 1, ..current },
        addresses: None,
        processes: Vec::new(),
        folder: stack.folder.clone(),
        postgres_folder: stack.folder.clone(),
    };
    status.write().unwrap();
    let (succeeded, printed) = stack.run("status", &[]);
    assert!(!succeeded && printed.contains("nothing runs"), "{printed}");

    status.runner = current;
    status.write().unwrap();
    let (succeeded, printed) = stack.run("status", &[]);
    assert!(succeeded && printed.contains("It is starting"), "{printed}");
    assert!(!stack.folder.join("lock").exists());
    Status::remove(&stack.folder).unwrap();
}

/// Goal: `down` ends what a killed run left, and no other process that has got one of its ids since.
#[test]
fn leftovers_are_ended_and_strangers_are_not() {
    let stack = Stack::new();
    let [mut leftover, mut stranger] = [(); 2].map(|()| sleeper(&stack.folder));
    let of = |child: &Child| ProcessId::of(child.id() as i32).unwrap();
    let older = ProcessId { started_ticks: of(&stranger).started_ticks - 1, ..of(&stranger) };
    let process = |part: &str, process| PartProcess { part: part.into(), process };
    Status {
        runner: older,
        addresses: None,
        processes: vec![process("orders-0", of(&leftover)), process("payments-0", older)],
        folder: stack.folder.clone(),
        postgres_folder: stack.folder.clone(),
    }
    .write()
    .unwrap();

    let (succeeded, printed) = stack.run("down", &[]);
    assert!(succeeded && printed.contains("Ending orders-0") && !printed.contains("payments-0"), "{printed}");
    assert!(!of(&leftover).is_alive());
    assert!(of(&stranger).is_alive());
    stranger.kill().unwrap();
    for child in [&mut leftover, &mut stranger] {
        child.wait().unwrap();
    }
    assert_eq!(Status::read(&stack.folder).unwrap(), None);
}

fn sleeper(folder: &Path) -> Child {
    Command::new("sleep").arg("1000").current_dir(folder).stdin(Stdio::null()).spawn().unwrap()
}
