//! What the repository says about performance.

use std::fs;

use crate::support::{Folder, benchmark, docs, read, succeed};

/// Goal: tables and plots in the repository are those of its figures. Method: made anew from them, they come out the same.
#[test]
fn the_documentation_is_what_its_figures_say() {
    let folder = Folder::new("docs");
    fs::create_dir(folder.path().join("performance")).expect("a folder can be created");
    for file in ["PERFORMANCE.md", "performance/figures.json"] {
        fs::copy(docs().join(file), folder.path().join(file)).expect("the repository has it");
    }
    succeed(benchmark().arg("render").arg("--docs").arg(folder.path()));

    let plots = fs::read_dir(docs().join("performance")).expect("the repository has plots");
    let plots = plots.map(|entry| format!("performance/{}", entry.unwrap().file_name().to_string_lossy()));
    for file in plots.chain(["PERFORMANCE.md".to_owned()]) {
        let is_same = folder.read(&file) == read(&docs().join(&file));
        assert!(
            is_same,
            "docs/{file} is not what `cargo stack bench render` makes of docs/performance/figures.json"
        );
    }
}

/// Goal: nobody measures for an hour and then learns that there is no place for the figures. Method: a page without
/// markers.
#[test]
fn a_page_without_markers_is_refused_before_anything_is_measured() {
    let folder = Folder::new("no-markers");
    fs::write(folder.path().join("PERFORMANCE.md"), "# Performance\n").expect("a file can be written");
    let output =
        benchmark().arg("suite").arg("--docs").arg(folder.path()).output().expect("the benchmark starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("<!-- figures: begin -->"), "{said}");
    assert!(!said.contains("starting"), "{said}");
}
