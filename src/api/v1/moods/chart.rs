//! The mood of a team as a picture: a line of how pleasant it was, and below it what the moods were. It stands alone: text says
//! what is not shown and from how many people on, nothing is loaded, nothing runs, and colours follow the reader's scheme.

mod axis;
mod paint;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use axis::{Labels, Scale, signed, small};
use model::mood::{Feeling, team::Cell};
use service::mood::{Bucket, TeamMood};

/// What a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A day.
    Day,
    /// A week.
    Week,
    /// A version of a track.
    Version,
}

impl Unit {
    const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Version => "version",
        }
    }
    const fn names(self) -> &'static str {
        match self {
            Self::Day => "days",
            Self::Week => "weeks",
            Self::Version => "versions",
        }
    }
}

/// Which colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Those that the reader prefers.
    Auto,
    /// On white.
    Light,
    /// On black.
    Dark,
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 480.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 936.0;
/// Where the line is.
const LINE: Scale = Scale { top: 84.0, bottom: 234.0 };
/// Where the bars are.
const BARS: Scale = Scale { top: 256.0, bottom: 356.0 };

/// Draws it.
pub fn draw(mood: &TeamMood, unit: Unit, theme: Theme) -> String {
    let labels = Labels::of(&mood.buckets, unit);
    let mut svg = String::with_capacity(16 * 1024);
    put(
        &mut svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\" aria-labelledby=\"title desc\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n"
        ),
    );
    put(&mut svg, format_args!("<title id=\"title\">Team mood by {}</title>\n", unit.name()));
    put(&mut svg, format_args!("<desc id=\"desc\">{}</desc>\n", description(mood, unit, &labels)));
    paint::style(&mut svg, theme);
    put(&mut svg, format_args!("<rect class=\"page\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n"));
    head(&mut svg, mood, unit, &labels);
    frame(&mut svg);
    bars(&mut svg, mood, &labels);
    line(&mut svg, mood);
    below(&mut svg, mood, &labels);
    legend(&mut svg, mood.least);
    svg.push_str("</svg>\n");
    svg
}

/// Text takes any text.
fn put(svg: &mut String, text: std::fmt::Arguments<'_>) {
    svg.write_fmt(text).unwrap_or_default();
}

fn hidden(mood: &TeamMood) -> usize {
    mood.buckets.iter().filter(|bucket| bucket.cell.is_none()).count()
}

/// What is not shown, in words.
fn silence(mood: &TeamMood, unit: Unit) -> String {
    let (all, hidden, least) = (mood.buckets.len(), hidden(mood), mood.least);
    match hidden {
        0 => format!("Every one of {all} {} is shown.", unit.names()),
        _ => format!(
            "{hidden} of {all} {} not shown: fewer than {least} people said how they felt, or nobody did.",
            unit.names()
        ),
    }
}

/// The picture in words, for whoever does not see it.
fn description(mood: &TeamMood, unit: Unit, labels: &Labels) -> String {
    let mut text = format!("{} {}", labels.range(), silence(mood, unit));
    for (at, bucket) in mood.buckets.iter().enumerate() {
        if let Some(cell) = &bucket.cell {
            put(&mut text, format_args!(" {}.", told(labels.name(at), cell)));
        }
    }
    text
}

/// A bucket in words.
fn told(name: &str, cell: &Cell) -> String {
    let moods: Vec<String> = by_valence()
        .into_iter()
        .filter_map(|feeling| match cell.tally.feelings[feeling.index()] {
            0 => None,
            number => Some(format!("{} {number}", feeling.name())),
        })
        .collect();
    let valence = signed(cell.tally.mean_valence());
    format!("{name}: {} people or more, {}, valence {valence}", cell.contributors, moods.join(", "))
}

/// The pleasant ones first.
fn by_valence() -> Vec<Feeling> {
    let mut all = Feeling::ALL.to_vec();
    all.sort_by(|a, b| b.affect().valence.total_cmp(&a.affect().valence));
    all
}

fn head(svg: &mut String, mood: &TeamMood, unit: Unit, labels: &Labels) {
    put(
        svg,
        format_args!(
            "<text class=\"strong\" x=\"24\" y=\"34\" font-size=\"20\" font-weight=\"600\">Team mood by {}</text>\n",
            unit.name()
        ),
    );
    put(
        svg,
        format_args!(
            "<text class=\"soft\" x=\"24\" y=\"56\">{} {}</text>\n",
            labels.range(),
            silence(mood, unit)
        ),
    );
}

/// Scales and their words.
fn frame(svg: &mut String) {
    for (value, word) in [(1.0, "pleasant"), (0.0, "neither"), (-1.0, "unpleasant")] {
        let y = LINE.at(value);
        let class = if value == 0.0 { "zero" } else { "grid" };
        put(
            svg,
            format_args!(
                "<line class=\"{class}\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>\n"
            ),
        );
        put(
            svg,
            format_args!(
                "<text class=\"soft\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{word}</text>\n",
                LEFT - 10.0,
                y + 4.0
            ),
        );
    }
    for (share, word) in [(1.0, "100 %"), (-1.0, "0 %")] {
        let y = BARS.at(share);
        put(
            svg,
            format_args!("<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>\n"),
        );
        put(
            svg,
            format_args!(
                "<text class=\"soft\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{word}</text>\n",
                LEFT - 10.0,
                y + 4.0
            ),
        );
    }
}

/// The middle of a bucket and its width.
fn place(at: usize, of: usize) -> (f64, f64) {
    // An answer has a hundred buckets or so.
    let number = |count: usize| u16::try_from(count).map_or(f64::from(u16::MAX), f64::from);
    let width = (RIGHT - LEFT) / number(of.max(1));
    (LEFT + width * (number(at) + 0.5), width)
}

fn bars(svg: &mut String, mood: &TeamMood, labels: &Labels) {
    for (at, bucket) in mood.buckets.iter().enumerate() {
        let (middle, width) = place(at, mood.buckets.len());
        let (x, width) = (middle - width * 0.4, width * 0.8);
        match &bucket.cell {
            Some(cell) => stack(svg, cell, labels.name(at), x, width),
            None => {
                let (y, height) = (BARS.top, BARS.bottom - BARS.top);
                put(
                    svg,
                    format_args!(
                        "<rect class=\"silent\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{height}\"><title>{}: not shown</title></rect>\n",
                        labels.name(at)
                    ),
                );
            }
        }
    }
}

/// The moods of a bucket, the pleasant ones on top.
fn stack(svg: &mut String, cell: &Cell, name: &str, x: f64, width: f64) {
    put(svg, format_args!("<g class=\"bucket\"><title>{}</title>\n", told(name, cell)));
    let (moods, mut y) = (f64::from(cell.tally.moods().max(1)), BARS.top);
    for feeling in by_valence() {
        let number = cell.tally.feelings[feeling.index()];
        if number > 0 {
            let height = (BARS.bottom - BARS.top) * f64::from(number) / moods;
            put(
                svg,
                format_args!(
                    "<rect class=\"m {}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>\n",
                    feeling.name()
                ),
            );
            y += height;
        }
    }
    svg.push_str("</g>\n");
}

/// The line of the valence, broken where nothing is shown, and the trend.
fn line(svg: &mut String, mood: &TeamMood) {
    let of = mood.buckets.len();
    let point = |at: usize, value: f64| (place(at, of).0, LINE.at(value));
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut runs = Vec::new();
    for (at, bucket) in mood.buckets.iter().enumerate() {
        match &bucket.cell {
            Some(cell) => run.push(point(at, cell.tally.mean_valence())),
            None => runs.push(std::mem::take(&mut run)),
        }
    }
    runs.push(run);
    for run in runs.iter().filter(|run| run.len() > 1) {
        let (first, last, zero) = (run[0].0, run[run.len() - 1].0, LINE.at(0.0));
        put(
            svg,
            format_args!(
                "<polygon class=\"area\" points=\"{first:.1},{zero:.1} {} {last:.1},{zero:.1}\"/>\n",
                points(run)
            ),
        );
        put(svg, format_args!("<polyline class=\"line\" points=\"{}\"/>\n", points(run)));
    }
    let trend: Vec<_> = (mood.buckets.iter().enumerate())
        .filter_map(|(at, bucket): (usize, &Bucket)| Some(point(at, bucket.trend?)))
        .collect();
    if trend.len() > 1 {
        put(svg, format_args!("<polyline class=\"trend\" points=\"{}\"/>\n", points(&trend)));
    }
    for (x, y) in runs.iter().flatten() {
        put(svg, format_args!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>\n"));
    }
}

fn points(run: &[(f64, f64)]) -> String {
    run.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

/// The names of the buckets, as many as there is room for, and how pleasant each was.
fn below(svg: &mut String, mood: &TeamMood, labels: &Labels) {
    let of = mood.buckets.len();
    for (at, bucket) in mood.buckets.iter().enumerate() {
        let (x, _) = place(at, of);
        if labels.written(at) {
            put(
                svg,
                format_args!(
                    "<text class=\"soft\" x=\"{x:.1}\" y=\"376\" text-anchor=\"middle\">{}</text>\n",
                    labels.name(at)
                ),
            );
        }
        if let (Some(cell), true) = (&bucket.cell, of <= 20) {
            let valence = cell.tally.mean_valence();
            let y = LINE.at(valence) + if valence < 0.0 { 20.0 } else { -10.0 };
            put(
                svg,
                format_args!(
                    "<text class=\"value\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>\n",
                    signed(valence)
                ),
            );
        }
    }
    if hidden(mood) == of {
        let (x, y) = (f64::midpoint(LEFT, RIGHT), LINE.at(0.0) - 14.0);
        put(
            svg,
            format_args!(
                "<text class=\"strong\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">There is nothing to show yet.</text>\n"
            ),
        );
    }
}

fn legend(svg: &mut String, least: u32) {
    for (at, feeling) in by_valence().into_iter().enumerate() {
        let (column, row) = (small(at % 5), small(at / 5));
        let (x, y) = (LEFT + 128.0 * column, 396.0 + 22.0 * row);
        put(
            svg,
            format_args!(
                "<rect class=\"m {0}\" x=\"{x}\" y=\"{y}\" width=\"14\" height=\"14\" rx=\"3\"/><text class=\"soft\" x=\"{1}\" y=\"{2}\">{0}</text>\n",
                feeling.name(),
                x + 20.0,
                y + 12.0
            ),
        );
    }
    put(
        svg,
        format_args!(
            "<rect class=\"silent\" x=\"{LEFT}\" y=\"440\" width=\"14\" height=\"14\" rx=\"3\"/><text class=\"soft\" x=\"{}\" y=\"452\">not shown: fewer than {least} people, or nobody</text>\n",
            LEFT + 20.0
        ),
    );
    put(
        svg,
        format_args!(
            "<line class=\"line\" x1=\"480\" y1=\"447\" x2=\"504\" y2=\"447\"/><text class=\"soft\" x=\"512\" y=\"452\">mean valence</text>\n<line class=\"trend\" x1=\"624\" y1=\"447\" x2=\"648\" y2=\"447\"/><text class=\"soft\" x=\"656\" y=\"452\">trend</text>\n"
        ),
    );
}
