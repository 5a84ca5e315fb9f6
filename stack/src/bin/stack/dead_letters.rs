//! `dead-letters`: what consumers could not apply, to be looked at and to be handed to them again.

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use messaging::dead_letter::{self, Choice, Content, DeadLetter, MAX_HELD};
use messaging::{Broker, Queue, Topology};
use stack::{Error, Result};

use crate::report;

/// Characters of a reason in the table.
const SHORT_REASON: usize = 60;

#[derive(Args)]
pub(crate) struct Options {
    /// The broker: amqp://user:password@host:port/virtual-host [default: the running system's].
    #[arg(long, global = true)]
    amqp: Option<String>,
    /// Look at the dead letters of this queue; may be repeated [default: this system's queues].
    #[arg(long = "queue", global = true, value_name = "QUEUE")]
    queues: Vec<String>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Say what there is: when, from which queue, why, and which event.
    List {
        /// Print it as JSON, with what the letters hold.
        #[arg(long)]
        json: bool,
    },
    /// Print one letter whole.
    Show {
        /// Its id, of which eight characters are enough, or its event's id.
        id: String,
    },
    /// Hand letters to their consumers again. What had an effect already has none.
    Redrive {
        /// Those with these ids only, as with `show`.
        ids: Vec<String>,
        /// Those with this reason code only.
        #[arg(long, value_name = "CODE")]
        reason: Option<String>,
        /// So many at most, the oldest of each queue first.
        #[arg(long)]
        limit: Option<usize>,
        /// Only say which.
        #[arg(long)]
        dry_run: bool,
    },
}

/// Where the letters are.
struct Place {
    broker: Broker,
    queues: Vec<String>,
    /// What to call the broker in an error: its address without the password.
    name: String,
}

/// It fails if anything could not be read or redriven, and `show` if there is no such letter.
pub(crate) async fn dead_letters(folder: &Path, options: Options) -> Result<ExitCode> {
    let place = Place::of(folder, options.amqp, options.queues)?;
    match options.verb {
        Verb::List { json } => list(&place, json).await,
        Verb::Show { id } => show(&place, &id).await,
        Verb::Redrive { ids, reason, limit, dry_run } => {
            let choice = Choice { ids, code: reason, limit };
            if dry_run { rehearse(&place, choice).await } else { redrive(&place, choice).await }
        }
    }
}

async fn list(place: &Place, json: bool) -> Result<ExitCode> {
    let letters = place.letters().await?;
    if json {
        println!("{}", serde_json::to_string_pretty(&letters).expect("letters are JSON"));
    } else if letters.is_empty() {
        println!("There are no dead letters.");
    } else {
        println!("{}", row(["letter", "time", "queue", "code", "event id", "type", "reason"]));
        letters.iter().for_each(|letter| println!("{}", line(letter)));
    }
    Ok(ExitCode::SUCCESS)
}

async fn show(place: &Place, id: &str) -> Result<ExitCode> {
    let letters = place.letters().await?;
    let found: Vec<_> = letters.iter().filter(|letter| letter.is(id)).collect();
    if found.is_empty() {
        return Err(Error::Setup(format!("there is no dead letter {id}")));
    }
    found.into_iter().for_each(print);
    Ok(ExitCode::SUCCESS)
}

async fn rehearse(place: &Place, mut choice: Choice) -> Result<ExitCode> {
    let letters = place.letters().await?;
    let chosen = letters.iter().filter(|letter| choice.take(letter));
    let count = chosen.map(|letter| println!("would redrive {}", line(letter))).count();
    println!("Would be redriven: {count} of {}.", letters.len());
    Ok(ExitCode::SUCCESS)
}

async fn redrive(place: &Place, mut choice: Choice) -> Result<ExitCode> {
    let mut count = 0;
    for queue in &place.queues {
        let done = |letter: &DeadLetter| {
            count += 1;
            println!("redriven {}", line(letter));
        };
        if let Err(error) = dead_letter::redrive(&place.broker, queue, &mut choice, done).await {
            println!("Redriven: {count}, until it failed. The others are still there.");
            return Err(place.failed(&error));
        }
    }
    println!("Redriven: {count}. What is refused again is listed again.");
    Ok(ExitCode::SUCCESS)
}

impl Place {
    fn of(folder: &Path, amqp: Option<String>, queues: Vec<String>) -> Result<Self> {
        let amqp = match amqp {
            Some(amqp) => amqp,
            None => report::addresses_of(folder, "--amqp")?.amqp,
        };
        let topology = match queues.as_slice() {
            [] => contracts::topology(),
            names => {
                let queue = |name: &String| Queue { name: name.clone(), routing_keys: Vec::new() };
                Topology { queues: names.iter().map(queue).collect(), ..contracts::topology() }
            }
        };
        let queues = topology.queues.iter().map(|queue| queue.name.clone()).collect();
        let broker = Broker::new(&amqp, "cargo stack", topology);
        let broker = broker.map_err(|error| Error::Setup(error.to_string()))?;
        let name = amqp.rsplit_once('@').map_or(amqp.as_str(), |(_, place)| place).to_owned();
        Ok(Self { broker, queues, name })
    }

    async fn letters(&self) -> Result<Vec<DeadLetter>> {
        let mut letters = Vec::new();
        for queue in &self.queues {
            let found = dead_letter::list(&self.broker, queue).await.map_err(|error| self.failed(&error))?;
            if found.len() >= usize::from(MAX_HELD) {
                eprintln!("{queue}: there may be more; {MAX_HELD} messages at most are looked at");
            }
            letters.extend(found);
        }
        Ok(letters)
    }

    fn failed(&self, error: &messaging::Error) -> Error {
        let hint = match error {
            messaging::Error::MissingQueue(_) => "; no service has declared it yet, or its name is another",
            _ => "",
        };
        Error::Setup(format!("RabbitMQ at {}: {error}{hint}", self.name))
    }
}

/// A letter as a line of the table.
fn line(letter: &DeadLetter) -> String {
    let reason: String = letter.reason.replace('\n', " ").chars().take(SHORT_REASON).collect();
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    let (id, event_id, kind) = (letter.id.to_string(), or_none(&letter.event_id), or_none(&letter.kind));
    row([&id[..8], &time(letter), &letter.queue, &letter.code, &event_id, &kind, &reason])
}

fn row([letter, time, queue, code, event_id, kind, reason]: [&str; 7]) -> String {
    printable(&format!(
        "{letter:<8}  {time:<20}  {queue:<31}  {code:<21}  {event_id:<36}  {kind:<16}  {reason}"
    ))
}

/// The facts, and then what it holds, as it is: what is wrong with it may be how it is written.
fn print(letter: &DeadLetter) {
    let none = || "none that can be read".to_owned();
    let facts = [
        ("letter", letter.id.to_string()),
        ("time", time(letter)),
        ("queue", letter.queue.clone()),
        ("code", letter.code.clone()),
        ("reason", letter.reason.clone()),
        ("event id", letter.event_id.clone().unwrap_or_else(none)),
        ("type", letter.kind.clone().unwrap_or_else(none)),
    ];
    for (what, fact) in facts {
        println!("{what:<8}  {}", printable(&fact));
    }
    match &letter.content {
        Content::Event(event) => println!("\n{}\n", printable(event.get())),
        Content::Body(body) => {
            println!("\nbody of {} bytes:\n{}\n", body.len(), printable(&String::from_utf8_lossy(body)));
        }
    }
}

fn time(letter: &DeadLetter) -> String {
    letter.time.map_or_else(|| "-".into(), |time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Without what would command the terminal: anybody may have written it.
fn printable(text: &str) -> String {
    let is_harmless = |letter: &char| !letter.is_control() || matches!(letter, '\n' | '\t');
    text.chars().map(|letter| if is_harmless(&letter) { letter } else { '\u{FFFD}' }).collect()
}
