//! The timeline as a picture: throughput, faults and time to final over the same seconds.

use std::fmt::Write;

use super::{Bucket, Report};

const WIDTH: f64 = 1160.0;
const LEFT: f64 = 150.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 28.0;
const THROUGHPUT: f64 = 130.0;
const ROW: f64 = 17.0;
const TIMES: f64 = 170.0;
/// Between panels: room for a title.
const GAP: f64 = 40.0;
const BOTTOM: f64 = 34.0;
/// The axis of time to final is logarithmic, from 1 ms to 100 s.
const DECADES: f64 = 5.0;

/// The picture as SVG.
pub(super) fn picture(report: &Report) -> String {
    let kinds: Vec<&str> = report.faults_by_kind().into_keys().collect();
    let faults_top = TOP + THROUGHPUT + GAP;
    let times_top = faults_top + ROW * kinds.len().max(1) as f64 + GAP;
    let bottom = times_top + TIMES;
    let picture = Picture { report, end_ms: end_ms(report), bottom, out: String::new() };
    picture.draw(&kinds, faults_top, times_top).expect("a string takes everything")
}

fn end_ms(report: &Report) -> f64 {
    let buckets = report.figures.buckets.len() as i64 * report.figures.bucket_ms;
    (buckets.max(1)) as f64
}

struct Picture<'a> {
    report: &'a Report,
    end_ms: f64,
    bottom: f64,
    out: String,
}

impl Picture<'_> {
    fn draw(mut self, kinds: &[&str], faults_top: f64, times_top: f64) -> Result<String, std::fmt::Error> {
        let height = self.bottom + BOTTOM;
        write!(
            self.out,
            r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="Timeline of the run">"#
        )?;
        self.time_axis()?;
        self.throughput()?;
        self.faults(kinds, faults_top)?;
        self.times(times_top)?;
        self.healed()?;
        self.out.push_str("</svg>");
        Ok(self.out)
    }

    fn x(&self, ms: f64) -> f64 {
        LEFT + ms / self.end_ms * (WIDTH - LEFT - RIGHT)
    }

    fn title(&mut self, y: f64, text: &str) -> std::fmt::Result {
        write!(self.out, r#"<text class="title" x="{LEFT}" y="{}">{text}</text>"#, y - 9.0)
    }

    fn label(&mut self, y: f64, text: &str) -> std::fmt::Result {
        write!(self.out, r#"<text class="label" x="{}" y="{}">{text}</text>"#, LEFT - 8.0, y + 4.0)
    }

    fn rule(&mut self, y: f64) -> std::fmt::Result {
        write!(self.out, r#"<path class="grid" d="M{LEFT} {y:.1}H{}"/>"#, WIDTH - RIGHT)
    }

    /// A line from top to bottom every so many seconds, ten of them or so.
    fn time_axis(&mut self) -> std::fmt::Result {
        let steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];
        let seconds = self.end_ms / 1000.0;
        let step = steps.into_iter().find(|step| seconds / f64::from(*step) <= 14.0).unwrap_or(14_400);
        for tick in (0..=(seconds as i32)).step_by(step as usize) {
            let (x, y) = (self.x(f64::from(tick) * 1000.0), self.bottom);
            let text = if step < 60 { format!("{tick} s") } else { format!("{} min", tick / 60) };
            write!(self.out, r#"<path class="grid" d="M{x:.1} {TOP}V{y:.1}"/>"#)?;
            write!(self.out, r#"<text class="tick" x="{x:.1}" y="{:.1}">{text}</text>"#, y + 18.0)?;
        }
        Ok(())
    }

    fn throughput(&mut self) -> std::fmt::Result {
        let per_second = 1000.0 / self.report.figures.bucket_ms as f64;
        let rate = |count: i64| count as f64 * per_second;
        let buckets = &self.report.figures.buckets;
        let largest = buckets.iter().map(|bucket| rate(bucket.acknowledged.max(bucket.settled)));
        let most = nice(largest.fold(1.0, f64::max));
        let base = TOP + THROUGHPUT;
        let y = |rate: f64| base - rate / most * THROUGHPUT;
        self.title(
            TOP,
            "per second: <tspan class=\"blue\">operations acknowledged</tspan>, <tspan class=\"green\">orders settled</tspan>",
        )?;
        for step in 0..=2 {
            let value = most * f64::from(step) / 2.0;
            self.rule(y(value))?;
            self.label(y(value), &format!("{value:.0}"))?;
        }
        let acknowledged = self.points(|bucket| Some(y(rate(bucket.acknowledged))));
        let settled = self.points(|bucket| Some(y(rate(bucket.settled))));
        let (first, last) = (self.x(0.0), acknowledged.last().map_or(LEFT, |(x, _)| *x));
        write!(
            self.out,
            r#"<polygon class="area" points="{first:.1},{base:.1} {} {last:.1},{base:.1}"/>"#,
            joined(&acknowledged)
        )?;
        write!(self.out, r#"<polyline class="settled" points="{}"/>"#, joined(&settled))
    }

    fn faults(&mut self, kinds: &[&str], top: f64) -> std::fmt::Result {
        self.title(top, "faults; pale ones took no effect")?;
        for (row, kind) in kinds.iter().enumerate() {
            let y = top + ROW * row as f64;
            self.label(y + ROW / 2.0, kind)?;
            self.rule(y + ROW)?;
            let report = self.report;
            for fault in report.faults.iter().filter(|fault| fault.fault == *kind) {
                let (from, to) = (self.x(fault.began_ms as f64), self.x(fault.ended_ms as f64));
                let width = (to - from).max(2.0);
                let class = if fault.took_effect { colour(kind) } else { "pale" };
                write!(
                    self.out,
                    r#"<rect class="{class}" x="{from:.1}" y="{:.1}" width="{width:.1}" height="{}" rx="2"><title>{}</title></rect>"#,
                    y + 3.0,
                    ROW - 6.0,
                    escaped(&format!(
                        "{kind}: {}, {:.1} s",
                        fault.target,
                        (fault.ended_ms - fault.began_ms) as f64 / 1000.0
                    ))
                )?;
            }
        }
        Ok(())
    }

    fn times(&mut self, top: f64) -> std::fmt::Result {
        let y = |ms: f64| top + TIMES - ms.max(1.0).log10() / DECADES * TIMES;
        self.title(
            top,
            "time to final of orders created then: <tspan class=\"blue\">median</tspan>, \
             <tspan class=\"orange\">99th percentile</tspan>, <tspan class=\"grey\">longest</tspan>",
        )?;
        for (ms, text) in
            [(1.0, "1 ms"), (10.0, "10 ms"), (100.0, "100 ms"), (1e3, "1 s"), (1e4, "10 s"), (1e5, "100 s")]
        {
            self.rule(y(ms))?;
            self.label(y(ms), text)?;
        }
        let longest = self.points(|bucket| bucket.max_ms.map(|ms| y(ms as f64)));
        let p99 = self.points(|bucket| bucket.p99_ms.map(y));
        let p50 = self.points(|bucket| bucket.p50_ms.map(y));
        for (class, radius, points) in [("max", 1.7, longest), ("p99", 2.0, p99), ("p50", 2.0, p50)] {
            for (x, y) in points {
                write!(self.out, r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius}"/>"#)?;
            }
        }
        Ok(())
    }

    fn healed(&mut self) -> std::fmt::Result {
        let (x, bottom) = (self.x(self.report.healed_ms as f64), self.bottom);
        write!(self.out, r#"<path class="healed" d="M{x:.1} {TOP}V{bottom:.1}"/>"#)?;
        write!(self.out, r#"<text class="healed" x="{:.1}" y="{}">healed</text>"#, x - 4.0, TOP + 12.0)
    }

    /// The middle of each bucket.
    fn points(&self, y: impl Fn(&Bucket) -> Option<f64>) -> Vec<(f64, f64)> {
        let figures = &self.report.figures;
        let x = |number: usize| self.x((number as f64 + 0.5) * figures.bucket_ms as f64);
        let points = figures.buckets.iter().enumerate().map(|(number, bucket)| Some((x(number), y(bucket)?)));
        points.flatten().collect()
    }
}

fn joined(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

/// Faults of one server have one colour.
fn colour(kind: &str) -> &'static str {
    match kind.split('-').next().unwrap_or_default() {
        "broker" | "queue" | "memory" | "unbind" => "broker",
        "postgres" | "backend" | "pool" => "database",
        "link" => "link",
        _ => "service",
    }
}

/// The next larger of 1, 2, 5 and their tenfolds.
fn nice(value: f64) -> f64 {
    let magnitude = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|step| step * magnitude)
        .find(|step| *step >= value)
        .unwrap_or(value)
}

/// Text as HTML and SVG take it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
