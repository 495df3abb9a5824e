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

/// Colours that people with another colour vision can tell apart too (after Okabe and Ito).
struct Palette {
    paper: RGBColor,
    ink: RGBColor,
    faint: RGBColor,
    grid: RGBColor,
    point: RGBColor,
    level: RGBColor,
    worse: RGBColor,
    better: RGBColor,
}

const LIGHT: Palette = Palette {
    paper: RGBColor(255, 255, 255),
    ink: RGBColor(31, 35, 40),
    faint: RGBColor(89, 99, 110),
    grid: RGBColor(228, 231, 235),
    point: RGBColor(0, 98, 163),
    level: RGBColor(184, 104, 0),
    worse: RGBColor(192, 57, 0),
    better: RGBColor(0, 122, 88),
};

const DARK: Palette = Palette {
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

fn headings<DB: DrawingBackend>(
    chart: &Chart,
    look: &Palette,
    area: &DrawingArea<DB, Shift>,
) -> Drawn
where
    DB::ErrorType: 'static,
{
    let width = chart.size.0 as usize;
    let title = (FAMILY, 18).into_font().color(&look.ink);
    let small = (FAMILY, 13).into_font().color(&look.faint);
    area.draw_text(&text::fit(&chart.title, width / 11), &title, (16, 10)).map_err(failed)?;
    area.draw_text(&text::fit(&chart.subtitle, width / 8), &small, (16, 34)).map_err(failed)
}

/// The unit stands above its axis, where it is read without turning one's head.
fn unit<DB: DrawingBackend>(chart: &Chart, look: &Palette, area: &DrawingArea<DB, Shift>) -> Drawn
where
    DB::ErrorType: 'static,
{
    let label = text::fit(&chart.y_label, 24);
    let style = (FAMILY, 12).into_font().color(&look.faint).pos(Pos::new(HPos::Left, VPos::Top));
    area.draw_text(&label, &style, (16, 56)).map_err(failed)
}

fn body<DB, Y>(chart: &Chart, look: &Palette, area: &DrawingArea<DB, Shift>, y: Y) -> Drawn
where
    DB: DrawingBackend,
    DB::ErrorType: 'static,
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64> + Ranged<ValueType = f64>,
{
    let last = chart.values.len() - 1;
    let (low, high) = chart.y_range();
    let step = (high - low) / 8.0;
    let mut context = ChartBuilder::on(area)
        .margin_top(74)
        .margin_right(20)
        .margin_bottom(8)
        .margin_left(8)
        .x_label_area_size(30)
        .y_label_area_size(64)
        .build_cartesian_2d(-0.5..last as f64 + 0.5, y)
        .map_err(failed)?;
    let label = (FAMILY, 12).into_font().color(&look.faint);
    let room = (chart.size.0 / 110).clamp(2, 12) as usize;
    context
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(look.paper)
        .bold_line_style(look.grid)
        .axis_style(look.grid)
        .label_style(label)
        .x_labels(room.min(last + 1))
        .y_labels(8)
        .x_label_formatter(&|x| x_label(chart, *x))
        .y_label_formatter(&|v| text::number(*v, if chart.log { *v } else { step }))
        .draw()
        .map_err(failed)?;
    let clip = |v: f64| v.clamp(low, high);
    context
        .draw_series(chart.levels.iter().filter(|l| l.low.is_finite() && l.high.is_finite()).map(
            |l| {
                let corners =
                    [(l.first as f64 - 0.5, clip(l.low)), (l.last as f64 + 0.5, clip(l.high))];
                Rectangle::new(corners, look.level.mix(0.16).filled())
            },
        ))
        .map_err(failed)?;
    context
        .draw_series(chart.levels.iter().map(|l| {
            let ends = vec![(l.first as f64 - 0.5, l.value), (l.last as f64 + 0.5, l.value)];
            PathElement::new(ends, look.level.stroke_width(2))
        }))
        .map_err(failed)?;
    context
        .draw_series(chart.marks.iter().map(|m| {
            let colour = if m.worse != 0 { look.worse } else { look.better };
            let x = m.at as f64 - 0.5;
            PathElement::new(vec![(x, low), (x, high)], colour.stroke_width(2))
        }))
        .map_err(failed)?;
    context.draw_series(mark_heads(chart, look, high)).map_err(failed)?;
    let line = chart.values.iter().enumerate().map(|(i, &v)| (i as f64, v));
    context.draw_series(LineSeries::new(line.clone(), look.point.mix(0.45))).map_err(failed)?;
    let radius = if chart.values.len() > 400 { 2 } else { 3 };
    context
        .draw_series(line.map(|at| Circle::new(at, radius, look.point.filled())))
        .map_err(failed)?;
    Ok(())
}

/// A word for each line of a change: colour alone does not reach everybody.
fn mark_heads<'a>(
    chart: &'a Chart,
    look: &'a Palette,
    high: f64,
) -> impl Iterator<Item = Text<'a, (f64, f64), &'static str>> {
    chart.marks.iter().map(move |m| {
        let (colour, word) =
            if m.worse != 0 { (&look.worse, "worse") } else { (&look.better, "better") };
        let right = m.at * 4 > chart.values.len() * 3;
        let anchor = Pos::new(if right { HPos::Right } else { HPos::Left }, VPos::Bottom);
        let style = (FAMILY, 12).into_font().color(colour).pos(anchor);
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

fn draw<DB: DrawingBackend>(chart: &Chart, backend: DB) -> Drawn
where
    DB::ErrorType: 'static,
{
    register();
    let look = if chart.dark { &DARK } else { &LIGHT };
    let area = backend.into_drawing_area();
    area.fill(&look.paper).map_err(failed)?;
    let (low, high) = chart.y_range();
    if chart.log {
        body(chart, look, &area, (low..high).log_scale())?;
    } else {
        body(chart, look, &area, low..high)?;
    }
    headings(chart, look, &area)?;
    unit(chart, look, &area)?;
    area.present().map_err(failed)
}

pub fn svg(chart: &Chart) -> Result<String, String> {
    let mut out = String::new();
    draw(chart, SVGBackend::with_string(&mut out, chart.size))?;
    Ok(out)
}

pub fn png(chart: &Chart) -> Result<Vec<u8>, String> {
    let (width, height) = chart.size;
    let mut rgb = vec![0u8; width as usize * height as usize * 3];
    draw(chart, BitMapBackend::with_buffer(&mut rgb, chart.size))?;
    crate::png::encode(&rgb, width, height).ok_or_else(|| failed("zlib had no memory"))
}
