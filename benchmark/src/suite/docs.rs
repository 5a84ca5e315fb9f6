//! The documentation's folder: figures, plots, and what of PERFORMANCE.md is made of them.

use std::fs;
use std::path::{Path, PathBuf};

use super::figures::Figures;
use super::{plots, tables};
use crate::error::{Doing, Error, Result};

/// What stands between these is replaced, and nothing else.
const BEGIN: &str = "<!-- figures: begin -->";
const END: &str = "<!-- figures: end -->";

/// A folder in which there is a PERFORMANCE.md with both markers.
pub(super) struct Docs {
    folder: PathBuf,
}

impl Docs {
    /// Whoever has measured for an hour learns nothing new about the folder.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let docs = Self { folder: folder.to_owned() };
        docs.page()?;
        let figures = docs.folder.join("performance");
        fs::create_dir_all(&figures).doing(&format!("creating {}", figures.display()))?;
        Ok(docs)
    }

    pub(super) fn write_figures(&self, figures: &Figures) -> Result<()> {
        write(&self.figures_file(), &figures.to_json())
    }

    pub(super) fn read_figures(&self) -> Result<Figures> {
        let path = self.figures_file();
        let text = fs::read_to_string(&path).doing(&format!("reading {}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| Error::Other(format!("{}: {error}", path.display())))
    }

    /// Draws every plot, and writes tables and plots into the page.
    pub(super) fn render(&self, figures: &Figures) -> Result<()> {
        for plot in plots::draw(figures)? {
            write(&self.folder.join("performance").join(plot.file), &plot.svg)?;
        }
        let [before, after] = self.page()?;
        let generated = tables::markdown(figures);
        write(&self.page_file(), &format!("{before}{BEGIN}\n\n{generated}\n{END}{after}"))
    }

    /// The text before and after the markers.
    fn page(&self) -> Result<[String; 2]> {
        let path = self.page_file();
        let page = fs::read_to_string(&path).doing(&format!("reading {}", path.display()))?;
        let parts = page.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
        match parts {
            Some((before, after)) => Ok([before, after].map(str::to_owned)),
            None => Err(Error::Other(format!("{} has no {BEGIN} … {END}", path.display()))),
        }
    }

    fn page_file(&self) -> PathBuf {
        self.folder.join("PERFORMANCE.md")
    }

    fn figures_file(&self) -> PathBuf {
        self.folder.join("performance/figures.json")
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).doing(&format!("writing {}", path.display()))
}
