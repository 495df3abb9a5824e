//! One chart: points in the order of commits, the levels they lie on, and where these change.

use std::sync::Once;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::register_font;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::text;

#[derive(Clone, Copy)]
#[repr(C)]
pub struct Level {
    pub first: usize,
    pub last: usize,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

#[derive(Clone, Copy)]
#[repr(C)]
pub struct Mark {
    pub at: usize,
    pub worse: i32,
}

pub struct Chart<'a> {
    pub title: String,
    pub subtitle: String,
    pub y_label: String,
    pub values: &'a [f64],
    pub labels: Vec<String>,
    pub levels: &'a [Level],
    pub marks: &'a [Mark],
    pub size: (u32, u32),
    pub dark: bool,
    pub log: bool,
}

/// A PNG is drawn this many times as large and then made smaller, which smooths its edges.
const SMOOTH: u32 = 2;

/// Colours that people with another colour vision can tell apart too (after Okabe and Ito).
#[derive(Clone, Copy)]
struct Look {
    zoom: u32, // pixels of the drawing for one of the picture
    paper: RGBColor,
    ink: RGBColor,
    faint: RGBColor,
    grid: RGBColor,
    point: RGBColor,
    level: RGBColor,
    worse: RGBColor,
    better: RGBColor,
}

const LIGHT: Look = Look {
    zoom: 1,
    paper: RGBColor(255, 255, 255),
    ink: RGBColor(31, 35, 40),
    faint: RGBColor(89, 99, 110),
    grid: RGBColor(228, 231, 235),
    point: RGBColor(0, 98, 163),
    level: RGBColor(184, 104, 0),
    worse: RGBColor(192, 57, 0),
    better: RGBColor(0, 122, 88),
};

const DARK: Look = Look {
    zoom: 1,
    paper: RGBColor(13, 17, 23),
    ink: RGBColor(230, 237, 243),
    faint: RGBColor(154, 164, 175),
    grid: RGBColor(40, 46, 54),
    point: RGBColor(94, 178, 255),
    level: RGBColor(240, 183, 73),
    worse: RGBColor(255, 130, 80),
    better: RGBColor(56, 211, 159),
};

const FONT: &[u8] = include_bytes!("../font/sans.ttf");
const FAMILY: &str = "sans-serif";

type Drawn = Result<(), String>;

fn failed<E: std::fmt::Display>(e: E) -> String {
    format!("the chart could not be drawn: {e}")
}

impl Chart<'_> {
    pub fn check(&self, size: &std::ops::RangeInclusive<u32>) -> Drawn {
        let (width, height) = self.size;
        let count = self.values.len();
        let number = |v: f64| v.is_finite() && (v > 0.0 || !self.log);
        if !size.contains(&width) || !size.contains(&height) {
            return Err(format!(
                "a chart is {} to {} pixels wide and high",
                size.start(),
                size.end()
            ));
        }
        if count == 0 || !self.values.iter().all(|&v| number(v)) {
            return Err("a chart needs finite numbers, above 0 on a logarithmic axis".into());
        }
        let inside = |l: &Level| l.first <= l.last && l.last < count && number(l.value);
        if !self.levels.iter().all(inside) || !self.marks.iter().all(|m| m.at < count) {
            return Err("a level or a change lies outside of its series".into());
        }
        Ok(())
    }

    /// Every point, and as much of the bands as is not far outside of them.
    fn y_range(&self) -> (f64, f64) {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for &v in self.values.iter().chain(self.levels.iter().map(|l| &l.value)) {
            low = low.min(v);
            high = high.max(v);
        }
        if self.log {
            let pad = (high / low).powf(0.06).max(1.02);
            return (low / pad, high * pad);
        }
        let floor = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
        let spread = high - low;
        let pad = if spread > 0.0 { spread * 0.08 } else { low.abs().max(1.0) * 0.05 };
        ((low - pad).max(floor), high + pad)
    }
}

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
        let _ = register_font(FAMILY, FontStyle::Bold, FONT);
    });
}

impl Look {
    fn font<'a>(&self, size: u32, colour: &RGBColor) -> TextStyle<'a> {
        (FAMILY, size * self.zoom).into_font().color(colour)
    }

    fn at(&self, x: i32, y: i32) -> (i32, i32) {
        (x * self.zoom as i32, y * self.zoom as i32)
    }

    fn line(&self, colour: &RGBColor) -> ShapeStyle {
        colour.stroke_width(2 * self.zoom)
    }
}

fn headings<DB: DrawingBackend>(chart: &Chart, look: &Look, area: &DrawingArea<DB, Shift>) -> Drawn
where
    DB::ErrorType: 'static,
{
    let width = chart.size.0 as usize;
    let title = text::fit(&chart.title, width / 11);
    let subtitle = text::fit(&chart.subtitle, width / 8);
    let unit = text::fit(&chart.y_label, 24);
    area.draw_text(&title, &look.font(18, &look.ink), look.at(16, 10)).map_err(failed)?;
    area.draw_text(&subtitle, &look.font(13, &look.faint), look.at(16, 34)).map_err(failed)?;
    // Above its axis, where it is read without turning one's head.
    area.draw_text(&unit, &look.font(12, &look.faint), look.at(16, 56)).map_err(failed)
}

fn body<DB, Y>(chart: &Chart, look: &Look, area: &DrawingArea<DB, Shift>, y: Y) -> Drawn
where
    DB: DrawingBackend,
    DB::ErrorType: 'static,
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64> + Ranged<ValueType = f64>,
{
    let last = chart.values.len() - 1;
    let (low, high) = chart.y_range();
    let step = (high - low) / 8.0;
    let room = (chart.size.0 / 110).clamp(2, 12) as usize;
    let mut context = ChartBuilder::on(area)
        .margin_top(74 * look.zoom)
        .margin_right(20 * look.zoom)
        .margin_bottom(8 * look.zoom)
        .margin_left(8 * look.zoom)
        .x_label_area_size(30 * look.zoom)
        .y_label_area_size(64 * look.zoom)
        .build_cartesian_2d(-0.5..last as f64 + 0.5, y)
        .map_err(failed)?;
    context
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(look.paper)
        .bold_line_style(look.grid.stroke_width(look.zoom))
        .axis_style(look.grid.stroke_width(look.zoom))
        .label_style(look.font(12, &look.faint))
        .x_labels(room.min(last + 1))
        .y_labels(8)
        .x_label_formatter(&|x| x_label(chart, *x))
        .y_label_formatter(&|v| text::number(*v, if chart.log { *v } else { step }))
        .draw()
        .map_err(failed)?;
    let clip = |v: f64| v.clamp(low, high);
    let ends = |l: &Level| (l.first as f64 - 0.5, l.last as f64 + 0.5);
    let banded = chart.levels.iter().filter(|l| l.low.is_finite() && l.high.is_finite());
    context
        .draw_series(banded.map(|l| {
            let corners = [(ends(l).0, clip(l.low)), (ends(l).1, clip(l.high))];
            Rectangle::new(corners, look.level.mix(0.16).filled())
        }))
        .map_err(failed)?;
    context
        .draw_series(chart.levels.iter().map(|l| {
            PathElement::new(
                vec![(ends(l).0, l.value), (ends(l).1, l.value)],
                look.line(&look.level),
            )
        }))
        .map_err(failed)?;
    context
        .draw_series(chart.marks.iter().map(|m| {
            let x = m.at as f64 - 0.5;
            PathElement::new(vec![(x, low), (x, high)], look.line(colour_of(m, look)))
        }))
        .map_err(failed)?;
    context.draw_series(mark_words(chart, look, high)).map_err(failed)?;
    let line = chart.values.iter().enumerate().map(|(i, &v)| (i as f64, v));
    let thin = look.point.mix(0.45).stroke_width(look.zoom);
    context.draw_series(LineSeries::new(line.clone(), thin)).map_err(failed)?;
    let radius = if chart.values.len() > 400 { 2 } else { 3 } * look.zoom;
    context
        .draw_series(line.map(|at| Circle::new(at, radius, look.point.filled())))
        .map_err(failed)?;
    Ok(())
}

fn colour_of<'a>(mark: &Mark, look: &'a Look) -> &'a RGBColor {
    if mark.worse != 0 { &look.worse } else { &look.better }
}

/// A word for each line of a change, since colour alone does not reach everybody; where two lines are
/// too near, the later one has it.
fn mark_words<'a>(
    chart: &'a Chart,
    look: &'a Look,
    high: f64,
) -> impl Iterator<Item = Text<'a, (f64, f64), &'static str>> {
    let points = chart.values.len() as f64;
    let apart = points * 48.0 / f64::from(chart.size.0.saturating_sub(92).max(1));
    chart
        .marks
        .iter()
        .filter(move |m| {
            let next = |n: &&Mark| n.at > m.at && ((n.at - m.at) as f64) < apart;
            !chart.marks.iter().any(|n| next(&n))
        })
        .map(move |m| {
            let word = if m.worse != 0 { "worse" } else { "better" };
            let right = (chart.values.len() - m.at) as f64 <= apart;
            let anchor = Pos::new(if right { HPos::Right } else { HPos::Left }, VPos::Bottom);
            let style = look.font(12, colour_of(m, look)).pos(anchor);
            Text::new(word, (m.at as f64 - 0.5, high), style)
        })
}

/// Labels stand at whole points only.
fn x_label(chart: &Chart, x: f64) -> String {
    if (x - x.round()).abs() > 1e-6 || x < 0.0 {
        return String::new();
    }
    chart.labels.get(x.round() as usize).map(|label| text::fit(label, 16)).unwrap_or_default()
}

fn draw<DB: DrawingBackend>(chart: &Chart, zoom: u32, backend: DB) -> Drawn
where
    DB::ErrorType: 'static,
{
    register();
    let look = &Look { zoom, ..if chart.dark { DARK } else { LIGHT } };
    let area = backend.into_drawing_area();
    area.fill(&look.paper).map_err(failed)?;
    let (low, high) = chart.y_range();
    if chart.log {
        body(chart, look, &area, (low..high).log_scale())?;
    } else {
        body(chart, look, &area, low..high)?;
    }
    headings(chart, look, &area)?;
    area.present().map_err(failed)
}

pub fn svg(chart: &Chart) -> Result<String, String> {
    let mut out = String::new();
    draw(chart, 1, SVGBackend::with_string(&mut out, chart.size))?;
    Ok(out)
}

/// Each pixel of the picture is the mean of its SMOOTH² pixels of the drawing.
fn smaller(rgb: &[u8], width: usize, height: usize) -> Vec<u8> {
    let zoom = SMOOTH as usize;
    let mut out = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width * 3 {
            let (pixel, colour) = (x / 3, x % 3);
            let mut sum = 0u32;
            for row in 0..zoom {
                let start = ((y * zoom + row) * width * zoom + pixel * zoom) * 3 + colour;
                sum += (0..zoom).map(|i| u32::from(rgb[start + 3 * i])).sum::<u32>();
            }
            out.push((sum / (SMOOTH * SMOOTH)) as u8);
        }
    }
    out
}

pub fn png(chart: &Chart) -> Result<Vec<u8>, String> {
    let (width, height) = chart.size;
    let drawn = (width * SMOOTH, height * SMOOTH);
    let mut rgb = vec![0u8; drawn.0 as usize * drawn.1 as usize * 3];
    draw(chart, SMOOTH, BitMapBackend::with_buffer(&mut rgb, drawn))?;
    let rgb = smaller(&rgb, width as usize, height as usize);
    crate::png::encode(&rgb, width, height).ok_or_else(|| failed("zlib had no memory"))
}
