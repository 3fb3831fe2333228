//! Colours, for light and for dark. Neighbours in a bar differ in lightness too, and text says what colours say.

use super::{Theme, put};
use model::mood::Feeling;

/// Names of colours: of the page, lines and text, then of the moods.
struct Palette {
    page: &'static str,
    strong: &'static str,
    soft: &'static str,
    grid: &'static str,
    accent: &'static str,
    silent: &'static str,
}

const LIGHT: Palette = Palette {
    page: "#ffffff",
    strong: "#1b1d23",
    soft: "#555b66",
    grid: "#e1e4ea",
    accent: "#2b5fd9",
    silent: "#9aa1ad",
};

const DARK: Palette = Palette {
    page: "#15171c",
    strong: "#f2f4f8",
    soft: "#aeb5c2",
    grid: "#2d323c",
    accent: "#8fb4ff",
    silent: "#6d7482",
};

/// On light and on dark.
const fn colors(feeling: Feeling) -> (&'static str, &'static str) {
    match feeling {
        Feeling::Happy => ("#e0a100", "#ffd23f"),
        Feeling::Inspired => ("#e2711d", "#ff9f45"),
        Feeling::Proud => ("#bc3f2f", "#f2806c"),
        Feeling::Calm => ("#2a9d8f", "#5fd3c2"),
        Feeling::Focused => ("#2f78b7", "#6db5f5"),
        Feeling::Tired => ("#8d99ae", "#b4bfd2"),
        Feeling::Bored => ("#a3a380", "#cfcfa6"),
        Feeling::Stressed => ("#c04a97", "#ee86c8"),
        Feeling::Frustrated => ("#7b2d8e", "#c27ae0"),
        Feeling::Sad => ("#3d4278", "#8388dd"),
    }
}

/// The style sheet, and the hatching of what is not shown.
pub(super) fn style(svg: &mut String, theme: Theme) {
    svg.push_str("<style>\n");
    match theme {
        Theme::Light => sheet(svg, &LIGHT, |feeling| colors(feeling).0),
        Theme::Dark => sheet(svg, &DARK, |feeling| colors(feeling).1),
        Theme::Auto => {
            sheet(svg, &LIGHT, |feeling| colors(feeling).0);
            svg.push_str("@media (prefers-color-scheme: dark) {\n");
            sheet(svg, &DARK, |feeling| colors(feeling).1);
            svg.push_str("}\n");
        }
    }
    svg.push_str(".line,.trend{fill:none;stroke-width:2.5;stroke-linejoin:round}\n");
    svg.push_str(
        ".trend{stroke-dasharray:2 5;stroke-linecap:round}.area{fill-opacity:.12}.m{stroke-width:1}\n",
    );
    svg.push_str(".silent{stroke-width:1;stroke-dasharray:3 3;fill:url(#hatch)}.value{font-weight:600}\n");
    svg.push_str("</style>\n<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><line class=\"hatch\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\"/></pattern></defs>\n");
}

fn sheet(svg: &mut String, palette: &Palette, color: impl Fn(Feeling) -> &'static str) {
    let Palette { page, strong, soft, grid, accent, silent } = palette;
    put(svg, format_args!(".page{{fill:{page}}}.strong,.value{{fill:{strong}}}.soft{{fill:{soft}}}\n"));
    put(
        svg,
        format_args!(".grid{{stroke:{grid}}}.zero{{stroke:{silent}}}.silent,.hatch{{stroke:{silent}}}\n"),
    );
    put(
        svg,
        format_args!(
            ".line,.dot{{stroke:{accent}}}.trend{{stroke:{soft}}}.area{{fill:{accent}}}.dot{{fill:{page};stroke-width:2.5}}\n"
        ),
    );
    put(svg, format_args!(".m{{stroke:{page}}}\n"));
    for feeling in Feeling::ALL {
        put(svg, format_args!(".{}{{fill:{}}}", feeling.name(), color(*feeling)));
    }
    svg.push('\n');
}
