//! What the picture is made of, and that it stands alone.

use super::*;
use model::{
    Timestamp,
    mood::{
        Intensity, Period, Span,
        team::{Given, Tally},
    },
};
use std::path::Path;

/// 2026-11-16, a Monday.
const MONDAY: Timestamp = Timestamp(1_794_787_200_000);

fn cell(moods: &[(Feeling, u32)]) -> Cell {
    let mut tally = Tally::default();
    for (feeling, number) in moods {
        let intensity = Intensity::parse(3).unwrap();
        (0..*number).for_each(|_| tally.add(Given { feeling: *feeling, intensity }));
    }
    Cell { contributors: 4, tally }
}

fn bucket(day: i64, cell: Option<Cell>) -> Bucket {
    let period = Some(Period::of(Span::Day, MONDAY).plus(day));
    let trend = cell.map(|cell| cell.tally.mean_valence());
    Bucket { period, version: None, cell, trend, voices: None }
}

fn week() -> TeamMood {
    let good = cell(&[(Feeling::Happy, 3), (Feeling::Calm, 1), (Feeling::Tired, 1)]);
    let bad = cell(&[(Feeling::Frustrated, 2), (Feeling::Stressed, 1), (Feeling::Focused, 1)]);
    let days = [Some(good), Some(bad), None, Some(good), None, Some(cell(&[(Feeling::Proud, 4)]))];
    let buckets = (0..).zip(days).map(|(at, cell)| bucket(at, cell)).collect();
    TeamMood { least: 3, buckets }
}

fn count(svg: &str, what: &str) -> usize {
    svg.matches(what).count()
}

/// Every element is closed, in order.
fn well_formed(svg: &str) -> bool {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let Some((tag, _)) = tag.split_once('>') else { return false };
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) if open.pop() != Some(name) => return false,
            (false, false) => open.push(name),
            (true, _) | (false, true) => {}
        }
    }
    open.is_empty() && !svg.contains("&")
}

#[test]
fn what_is_not_shown_is_drawn_as_such_and_said() {
    let svg = draw(&week(), Unit::Day, Theme::Auto);
    assert!(well_formed(&svg), "{svg}");
    assert_eq!(count(&svg, "<g class=\"bucket\">"), 4);
    assert_eq!(count(&svg, ": not shown</title>"), 2);
    assert_eq!(count(&svg, "<circle class=\"dot\""), 4);
    assert_eq!(count(&svg, "<polyline class=\"line\""), 1, "a line is not drawn across what is not shown");
    assert!(svg.contains("2 of 6 days not shown: fewer than 3 people said how they felt, or nobody did."));
    assert!(svg.contains("16 Nov: 4 people or more, happy 3, calm 1, tired 1, valence +0.55"));
    assert!(svg.contains("17 Nov: 4 people or more, focused 1, stressed 1, frustrated 2, valence −0.35"));
    assert!(svg.contains("16 Nov 2026 – 21 Nov 2026 (UTC)."));
}

#[test]
fn the_bars_are_full() {
    let svg = draw(&week(), Unit::Day, Theme::Light);
    let first = svg.split("<g class=\"bucket\">").nth(1).unwrap().split("</g>").next().unwrap();
    let heights = first.split("height=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
    let sum: f64 = heights.map(|height| height.parse::<f64>().unwrap()).sum();
    assert!((sum - (BARS.bottom - BARS.top)).abs() < 0.3, "{sum}");
}

#[test]
fn it_stands_alone() {
    for theme in [Theme::Auto, Theme::Light, Theme::Dark] {
        let svg = draw(&week(), Unit::Day, theme);
        for strange in ["<script", "<image", "<foreignObject", "href", "@import", "@font-face", "onload"] {
            assert!(!svg.contains(strange), "{strange}");
        }
        assert_eq!(count(&svg, "http"), 1, "the name space and nothing else");
        assert_eq!(count(&svg, "prefers-color-scheme"), usize::from(theme == Theme::Auto));
        assert!(svg.contains("<title id=\"title\">") && svg.contains("<desc id=\"desc\">"));
        for feeling in Feeling::ALL {
            assert!(svg.contains(&format!(">{}</text>", feeling.name())), "the legend names {feeling:?}");
        }
    }
}

#[test]
fn nothing_to_show_says_so() {
    let mood = TeamMood { least: 5, buckets: (0..30).map(|at| bucket(at, None)).collect() };
    let svg = draw(&mood, Unit::Day, Theme::Auto);
    assert!(svg.contains("There is nothing to show yet."));
    assert!(svg.contains("fewer than 5 people"));
    assert!(!svg.contains("<polyline class=\"line\""));
    let none = draw(&TeamMood { least: 3, buckets: vec![] }, Unit::Version, Theme::Auto);
    assert!(well_formed(&none) && none.contains("There is nothing to show yet."));
}

#[test]
fn the_committed_picture_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("v1/moods/chart/golden.svg");
    let svg = draw(&week(), Unit::Day, Theme::Auto);
    if std::env::var_os("BACKLINE_BLESS").is_some() {
        std::fs::write(&path, &svg).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == svg, "the picture changed: look at it, then run the test with BACKLINE_BLESS=1");
}
