//! Services with one broken rule each: the suite must see it. Whatever it can't see, it can't vouch for.

use std::time::Duration;

use stack::{Error, Result, Servers};

use super::nemesis::Faults;
use super::options::Options;
use super::report::Verdict;
use super::run::{Place, run};
use super::scenario::{Profile, Scenario};

/// How long each runs.
const DURATION: Duration = Duration::from_secs(40);
/// How long after healing their orders may take: shorter than what is promised, so that all of them take minutes. The
/// controls, which break no rule, show that it is enough.
const FINAL_WITHIN: Duration = Duration::from_secs(30);
const A_DAY: u32 = 24 * 3600;

/// Nothing is lost that the sweep would have to heal, and it does not: what should not have been lost stays lost.
const LOSSLESS: Profile = Profile { name: "lossless", faults: Faults::lossless, sweep_after_seconds: A_DAY };
/// The broker loses what it holds, and the sweep heals that.
const LOSSY: Profile = Profile { name: "lossy", faults: Faults::lossy, sweep_after_seconds: 3 };

/// What is published returns every few seconds, until a service that is killed binds the queues anew. The sweep is off:
/// whatever was not sent again is missing.
const UNBINDING: Profile =
    Profile { name: "unbinding", faults: Faults::unbinding, sweep_after_seconds: A_DAY };

/// The rules that are broken, and the profile that shows it.
const MUTANTS: [(&str, Profile); 11] = [
    ("ack-before-commit", LOSSLESS),
    ("delete-before-confirm", LOSSLESS),
    ("no-inbox", LOSSLESS),
    ("no-decision-guard", LOSSLESS),
    ("no-balance-check", LOSSLESS),
    ("no-account-locks", LOSSLESS),
    ("settled-orders-reopened", LOSSLESS),
    ("deposit-key-ignored", LOSSLESS),
    ("refunds-not-credited", LOSSLESS),
    ("returns-ignored", UNBINDING),
    ("duplicates-acked-silently", LOSSY),
];

/// One line of the table.
struct Tried {
    name: String,
    profile: &'static str,
    /// The rules that were found broken, and how often.
    broken: Vec<(&'static str, i64)>,
}

/// Runs every mutant, and every profile without one, and prints what was caught. It is [`Verdict::Clean`] if every mutant
/// was and no control was.
///
/// # Errors
/// If the system can't be run at all.
pub async fn run_mutants(options: &Options) -> Result<Verdict> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let command = format!("cargo stack chaos --mutants --seed {seed}");
    println!("Repeat it: {command}");
    let place = Place::fresh("mutants")?;
    let servers = place.servers().await?;
    let mut all = Vec::new();
    for scenario in scenarios(options, seed)? {
        all.push(try_one(&servers, &scenario, &place).await?);
    }
    servers.stop().await;
    drop(servers);
    let verdict = print_table(&all);
    place.leave(verdict);
    println!("Repeat it: {command}");
    Ok(verdict)
}

/// The mutants that are asked for, each profile's control before its first.
fn scenarios(options: &Options, seed: u64) -> Result<Vec<Scenario>> {
    let sweep_off = Profile { name: "lossy, sweep off", sweep_after_seconds: A_DAY, ..LOSSY };
    let all = MUTANTS.iter().map(|(name, profile)| (*name, *profile, Some(*name)));
    let all = all.chain([("sweep-off", sweep_off, None)]);
    let is_asked_for = |name: &str| options.mutant.as_deref().is_none_or(|asked| asked == name);
    let mutants: Vec<_> = all.filter(|(name, ..)| is_asked_for(name)).collect();
    if mutants.is_empty() {
        let known: Vec<&str> = MUTANTS.iter().map(|(name, _)| *name).chain(["sweep-off"]).collect();
        return Err(Error::Setup(format!("there is no such mutant; there are {}", known.join(", "))));
    }
    let scenario = |name: &str, profile: Profile, mutant: Option<&'static str>| Scenario {
        name: name.to_owned(),
        seed,
        duration: DURATION,
        replicas: options.replicas as usize,
        profile,
        mutant,
        final_within: FINAL_WITHIN,
    };
    // Without a mutant the sweep's being off loses orders on purpose: that is a mutant itself, and has no control.
    let is_used = |control: &Profile| mutants.iter().any(|(_, profile, _)| profile.name == control.name);
    let controls = [LOSSLESS, UNBINDING, LOSSY].into_iter().filter(is_used);
    let mut scenarios: Vec<_> = controls.map(|control| scenario(CONTROL, control, None)).collect();
    scenarios.extend(mutants.into_iter().map(|(name, profile, mutant)| scenario(name, profile, mutant)));
    Ok(scenarios)
}

const CONTROL: &str = "no mutant";

async fn try_one(servers: &std::sync::Arc<Servers>, scenario: &Scenario, place: &Place) -> Result<Tried> {
    println!("\n--- {}, {}", scenario.name, scenario.profile.name);
    let folder =
        place.folder().join(format!("{}-{}", scenario.name, scenario.profile.name).replace([' ', ','], "-"));
    let failed = |source| Error::Io { doing: format!("creating {}", folder.display()), source };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let report = run(servers, scenario, &folder).await?;
    report.write(&folder)?;
    for check in report.broken() {
        println!("{}: {} of {}", check.rule, check.findings.first().map_or("", String::as_str), check.count);
    }
    let broken = report.broken().map(|check| (check.rule, check.count)).collect();
    Ok(Tried { name: scenario.name.clone(), profile: scenario.profile.name, broken })
}

fn print_table(all: &[Tried]) -> Verdict {
    println!();
    let (mut mutants, mut caught, mut alarms) = (0, 0, 0);
    for Tried { name, profile, broken } in all {
        let is_control = name == CONTROL;
        mutants += usize::from(!is_control);
        let verdict = match (is_control, broken.is_empty()) {
            (true, true) => "nothing found",
            (true, false) => {
                alarms += 1;
                "FALSE ALARM"
            }
            (false, true) => "NOT CAUGHT",
            (false, false) => {
                caught += 1;
                "caught"
            }
        };
        println!("{name:<26} {profile:<17} {verdict}");
        for (rule, count) in broken {
            println!("{count:>10} x {rule}");
        }
    }
    println!("\ncaught {caught}/{mutants}, {alarms} false alarms");
    if caught == mutants && alarms == 0 { Verdict::Clean } else { Verdict::Violated }
}
