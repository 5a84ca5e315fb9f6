//! What is in the binaries that are deployed, and what is not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use stack::workspace;

/// Goal: nothing that a fault suite does to a service can happen to a deployed one. Method: take the names of all crash
/// points and mutants, and of the variables that choose them, from the sources, and look for each in the binaries.
#[test]
fn binaries_hold_no_crash_points_and_no_mutants() {
    let mut names = BTreeSet::from(["FAULT_CRASH_AT".to_owned(), "FAULT_MUTANT".to_owned()]);
    for source in ["messaging/src", "orders-service/src", "payments-service/src"] {
        collect_names(&workspace::root().join(source), &mut names);
    }
    assert!(names.len() > 20, "only {names:?}");
    for program in ["orders-service", "payments-service"] {
        let binary = fs::read(workspace::binary(program).unwrap()).unwrap();
        let text = String::from_utf8_lossy(&binary);
        // It can be found there, if it is there.
        assert!(text.contains("INBOX_RETENTION_DAYS"), "{program}");
        let found: Vec<_> = names.iter().filter(|name| text.contains(name.as_str())).collect();
        assert!(found.is_empty(), "{program} holds {found:?}");
    }
}

/// Adds what stands between the quotes of `crash_point!("…")` and `mutant!("…")` in the files of a folder.
fn collect_names(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_names(&path, names);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap_or_default();
        for call in ["crash_point!(\"", "mutant!(\""] {
            let uses = text.split(call).skip(1).filter_map(|rest| rest.split('"').next());
            names.extend(uses.map(str::to_owned));
        }
    }
}
