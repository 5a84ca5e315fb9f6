//! A picture: lines or bars between two axes, and a legend beside them. Drawn on white, for pages of either colour.

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::IntoDrawingArea;
use plotters::element::{DashedPathElement, PathElement, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::series::{DashedLineSeries, LineSeries};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{BLACK, Color, IntoFont, RGBColor, ShapeStyle, WHITE};

use super::axis::Axis;
use crate::error::{Error, Result};

const SIZE: (u32, u32) = (1100, 480);
const LEGEND_WIDTH: u32 = 250;
const DASH: u32 = 7;
const GAP: u32 = 5;
const FONT: &str = "sans-serif";
const GRID: RGBColor = RGBColor(225, 225, 225);
/// The palette of Okabe and Ito, which colour-blind readers can tell apart, and grey.
const COLOURS: [RGBColor; 9] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(120, 80, 40),
    RGBColor(0, 0, 0),
    RGBColor(150, 150, 150),
];

/// What is to be drawn.
pub(super) struct Picture {
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) lines: Vec<Line>,
    pub(super) bars: Vec<Bars>,
}

/// A line through points.
pub(super) struct Line {
    pub(super) label: String,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) style: Style,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// A line, for many points.
    Plain,
    /// A line with its points marked, for few.
    Marked,
    /// A dashed line, for a limit.
    Limit,
}

/// Horizontal bars that mean the same: at `y`, from `from` to `to`.
pub(super) struct Bars {
    pub(super) label: String,
    pub(super) bars: Vec<Bar>,
}

pub(super) struct Bar {
    pub(super) y: f64,
    pub(super) from: f64,
    pub(super) to: f64,
}

type Drawn = std::result::Result<(), Box<dyn std::error::Error>>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

impl Picture {
    /// The picture as SVG.
    pub(super) fn svg(&self, title: &str) -> Result<String> {
        let mut svg = String::new();
        self.draw(&mut svg, title).map_err(|error| Error::Other(format!("drawing {title:?}: {error}")))?;
        Ok(svg)
    }

    fn draw(&self, svg: &mut String, title: &str) -> Drawn {
        let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        let (left, right) = area.split_horizontally(SIZE.0 - LEGEND_WIDTH);
        let longest = self.y.ticks.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0);
        let mut chart = ChartBuilder::on(&left)
            .caption(title, (FONT, 22))
            .margin(16)
            .margin_right(36)
            .x_label_area_size(56)
            .y_label_area_size(46 + 8 * longest as u32)
            .build_cartesian_2d(self.x.clone(), self.y.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(GRID)
            .light_line_style(WHITE)
            .axis_style(BLACK)
            .label_style((FONT, 15))
            .axis_desc_style((FONT, 17))
            .x_desc(&self.x.title)
            .y_desc(&self.y.title)
            .draw()?;
        for (index, bars) in self.bars.iter().enumerate() {
            draw_bars(&mut chart, bars, COLOURS[index])?;
            let [x, y] = legend_at(index);
            right.draw(&Rectangle::new([(x, y - 7), (x + 22, y + 7)], COLOURS[index].filled()))?;
            right.draw(&legend_text(&bars.label, index))?;
        }
        for (index, line) in self.lines.iter().enumerate() {
            let stroke = COLOURS[index].stroke_width(2);
            draw_line(&mut chart, line, stroke)?;
            let [x, y] = legend_at(index);
            let ends = [(x, y), (x + 22, y)];
            match line.style {
                Style::Limit => right.draw(&DashedPathElement::new(ends, DASH, GAP, stroke))?,
                Style::Plain | Style::Marked => right.draw(&PathElement::new(ends, stroke))?,
            }
            right.draw(&legend_text(&line.label, index))?;
        }
        area.present()?;
        Ok(())
    }
}

/// Where the sign of the legend's entry of that index begins.
fn legend_at(index: usize) -> [i32; 2] {
    [0, 56 + 24 * index as i32]
}

fn legend_text(label: &str, index: usize) -> Text<'_, (i32, i32), &str> {
    let [x, y] = legend_at(index);
    let font = (FONT, 15).into_font().color(&BLACK).pos(Pos::new(HPos::Left, VPos::Center));
    Text::new(label, (x + 30, y), font)
}

fn draw_bars(chart: &mut Chart<'_, '_>, bars: &Bars, colour: RGBColor) -> Drawn {
    let bar =
        |&Bar { y, from, to }: &Bar| Rectangle::new([(from, y - 0.36), (to, y + 0.36)], colour.filled());
    chart.draw_series(bars.bars.iter().map(bar))?;
    Ok(())
}

fn draw_line(chart: &mut Chart<'_, '_>, line: &Line, stroke: ShapeStyle) -> Drawn {
    let points = line.points.iter().copied();
    match line.style {
        Style::Limit => chart.draw_series(DashedLineSeries::new(points, DASH, GAP, stroke))?,
        Style::Plain => chart.draw_series(LineSeries::new(points, stroke))?,
        Style::Marked => chart.draw_series(LineSeries::new(points, stroke.filled()).point_size(4))?,
    };
    Ok(())
}
