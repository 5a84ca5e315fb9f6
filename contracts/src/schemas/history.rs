//! What is released stays as it is: who has read a version may rely on it.
//!
//! git knows. No commit, merges included, changes or deletes a file that was added below `contracts/schemas/*/versions`,
//! nor does the work tree.

use std::io::Write;
use std::path::Path;
use std::process::Command;

const RELEASED: &str = ":(glob)contracts/schemas/*/versions/**";

/// What has been done to released files, with the commits that did it.
fn tampering(repository: &Path) -> Vec<String> {
    // Of each merge its difference from every parent. All that is done to a file but adding it.
    let show = ["--no-renames", "--name-status", "--diff-filter=a"];
    let log =
        [&["log", "--full-history", "-m", "--format=commit %h %s"], &show[..], &["HEAD", "--", RELEASED]];
    let uncommitted = [&["diff"], &show[..], &["HEAD", "--", RELEASED]];
    let mut found = Vec::new();
    let mut commit = String::new();
    for line in git(repository, &log.concat()).lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("commit ") {
            Some(name) => name.clone_into(&mut commit),
            None => found.push(format!("{line}\tin {commit}")),
        }
    }
    let changes = git(repository, &uncommitted.concat());
    found.extend(changes.lines().map(|line| format!("{line}\tin the work tree")));
    found
}

fn git(repository: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    // A hook that runs the tests has these set, and means another repository.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(variable);
    }
    let output = git.arg("-C").arg(repository).args(arguments).output();
    let output = output.expect("there is a .git, so that git should be installed");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {complaint}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("names in UTF-8")
}

/// Says something past the harness, which would hide it.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "released_schemas_are_never_changed: {text}");
}

/// Goal: nobody gets round the rules by editing, deleting or replacing what is released.
#[test]
fn released_schemas_are_never_changed() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    if !repository.join(".git").exists() {
        return say("NOT CHECKED, for there is no git history here");
    }
    if git(repository, &["rev-parse", "--is-shallow-repository"]).trim() == "true" {
        say("only the newest commits are checked, for the clone is shallow");
    }
    let found = tampering(repository).join("\n  ");
    assert!(
        found.is_empty(),
        "released schemas are changed (M) or deleted (D):\n  {found}\n\
         Put them back as they were (git restore --source=<the commit before>). To change an event, change its type and \
         release a new version beside the old ones; commits that are not shared yet can be rewritten.\n"
    );
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// A repository in a folder of its own, with one released file.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("contracts-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            let scratch = Self(folder);
            scratch.git(&["init", "--quiet", "--initial-branch=main"]);
            scratch.write("A", 1, "first");
            scratch.commit();
            scratch
        }

        fn git(&self, arguments: &[&str]) {
            let settings =
                ["user.name=a", "user.email=a@b", "commit.gpgSign=false", "core.hooksPath=/dev/null"];
            let settings = settings.iter().flat_map(|setting| ["-c", setting]);
            git(&self.0, &settings.chain(arguments.iter().copied()).collect::<Vec<_>>());
        }

        fn write(&self, subject: &str, version: usize, content: &str) {
            let versions = self.0.join("contracts/schemas").join(subject).join("versions");
            fs::create_dir_all(&versions).unwrap();
            fs::write(versions.join(format!("{version}.json")), content).unwrap();
        }

        fn delete(&self, subject: &str) {
            fs::remove_dir_all(self.0.join("contracts/schemas").join(subject)).unwrap();
        }

        fn commit(&self) {
            self.git(&["add", "--all"]);
            self.git(&["commit", "--quiet", "--message=one more"]);
        }

        /// The letters that git has for what was done.
        fn tampering(&self) -> String {
            tampering(&self.0).iter().map(|line| &line[..1]).collect()
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn adding_is_no_tampering() {
        let scratch = Scratch::new("adding");
        scratch.write("A", 2, "second");
        assert_eq!(scratch.tampering(), "");
        scratch.git(&["switch", "--quiet", "--create=branch"]);
        scratch.commit();
        scratch.git(&["switch", "--quiet", "main"]);
        scratch.write("B", 1, "another");
        scratch.commit();
        scratch.git(&["merge", "--quiet", "--no-ff", "--message=merge", "branch"]);
        assert_eq!(scratch.tampering(), "");
    }

    #[test]
    fn changes_and_deletions_are_found_before_and_after_the_commit() {
        let scratch = Scratch::new("changes");
        scratch.write("A", 1, "changed");
        assert_eq!(scratch.tampering(), "M");
        scratch.commit();
        assert_eq!(scratch.tampering(), "M");
        // Undone, it has been done all the same.
        scratch.write("A", 1, "first");
        scratch.commit();
        assert_eq!(scratch.tampering(), "MM");
        scratch.delete("A");
        assert_eq!(scratch.tampering(), "MMD");
        scratch.commit();
        assert_eq!(scratch.tampering(), "DMM");
        scratch.write("A", 1, "released again");
        assert_eq!(scratch.tampering(), "DMM");
    }

    #[test]
    fn a_merge_that_replaces_a_version_is_found() {
        let scratch = Scratch::new("merge");
        scratch.git(&["switch", "--quiet", "--create=branch"]);
        scratch.write("A", 2, "theirs");
        scratch.commit();
        scratch.git(&["switch", "--quiet", "main"]);
        scratch.write("A", 2, "ours");
        scratch.commit();
        assert_eq!(scratch.tampering(), "");
        scratch.git(&["merge", "--quiet", "--strategy=ours", "--message=merge", "branch"]);
        assert_eq!(scratch.tampering(), "M");
    }
}
