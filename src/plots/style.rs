//! Font, colours and sizes that all pictures share.

use std::sync::OnceLock;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

use super::glyphs::glyph;
use super::scene::{Script, Weight, runs};

/// Red, green and blue, 0 to 255 each (sRGB).
pub(crate) type Rgb = (u8, u8, u8);

/// Name under which the font is registered.
pub(crate) const FONT: &str = "Noto Sans";

/// Height of a line over the size of the em in Noto Sans: ascent 2189 and descent 600 of 2048
/// units (its `hhea` table). The rasterizer is told the height, SVG the em.
pub(crate) const HEIGHT_PER_EM: f64 = 2789.0 / 2048.0;

/// Size of raised and lowered digits over the size of the line.
pub(crate) const SCRIPT_SIZE: f64 = 0.7;
/// Rise of a superscript, in the size of the line.
pub(crate) const SCRIPT_RISE: f64 = 0.36;
/// Drop of a subscript, in the size of the line.
pub(crate) const SCRIPT_DROP: f64 = 0.16;

/// Size of a picture's title in pixels.
pub(crate) const TITLE: f64 = 21.0;
/// Size of an axis title.
pub(crate) const AXIS: f64 = 16.0;
/// Size of a tick label.
pub(crate) const TICK: f64 = 14.5;
/// Size of a note.
pub(crate) const NOTE: f64 = 13.5;

/// Background.
pub(crate) const PAPER: Rgb = (255, 255, 255);
/// Text and frames.
pub(crate) const INK: Rgb = (28, 31, 36);
/// Secondary text.
pub(crate) const MUTED: Rgb = (92, 99, 108);
/// Grid lines.
pub(crate) const GRID: Rgb = (226, 229, 233);

// The palette of Okabe and Ito (Color Universal Design, 2008), told apart by all common kinds
// of colour vision.
/// Orange.
pub(crate) const ORANGE: Rgb = (230, 159, 0);
/// Sky blue.
pub(crate) const SKY: Rgb = (86, 180, 233);
/// Bluish green.
pub(crate) const GREEN: Rgb = (0, 158, 115);
/// Blue.
pub(crate) const BLUE: Rgb = (0, 114, 178);
/// Vermillion.
pub(crate) const VERMILLION: Rgb = (213, 94, 0);
/// Red of a failure, told from the green beside it by its darkness (Tol's vibrant scheme).
pub(crate) const RED: Rgb = (204, 51, 17);
/// Reddish purple.
pub(crate) const PURPLE: Rgb = (204, 121, 167);

/// Hue of each level of an eye, lowest first.
pub(crate) const LEVELS: [Rgb; 4] = [BLUE, GREEN, ORANGE, PURPLE];

/// Registers the font once; harmless when called again.
pub(crate) fn register_fonts() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        for (weight, bytes) in [
            (FontStyle::Normal, notosans::REGULAR_TTF),
            (FontStyle::Bold, notosans::BOLD_TTF),
        ] {
            // It fails on bytes that are no font; these are compiled in, and a test draws with
            // them.
            let _ = register_font(FONT, weight, bytes);
        }
    });
}

/// Returns the font at a size of `em` pixels.
pub(crate) fn font(em: f64, weight: Weight) -> FontDesc<'static> {
    register_fonts();
    let style = match weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    FontDesc::new(FontFamily::Name(FONT), em * HEIGHT_PER_EM, style)
}

/// Returns the width of a line in pixels at a size of `em` pixels.
pub(crate) fn text_width(line: &str, em: f64, weight: Weight) -> f64 {
    runs(line)
        .iter()
        .map(|(script, text)| run_width(text, em * script_scale(*script), weight))
        .sum()
}

/// Returns the size of a run over the size of its line.
pub(crate) fn script_scale(script: Script) -> f64 {
    if script == Script::Base {
        1.0
    } else {
        SCRIPT_SIZE
    }
}

/// Returns how far a run's baseline lies above that of its line, in the size of the line.
pub(crate) fn script_rise(script: Script) -> f64 {
    match script {
        Script::Base => 0.0,
        Script::Raised => SCRIPT_RISE,
        Script::Lowered => -SCRIPT_DROP,
    }
}

/// Returns the width of one run in pixels.
pub(crate) fn run_width(text: &str, em: f64, weight: Weight) -> f64 {
    em * text.chars().map(|c| glyph(c, weight).advance).sum::<f64>()
}

/// Returns the colour of a density, 0 (just above nothing) to 1 (the most).
///
/// A path through OKLCH (Ottosson 2020) with the lightness rising evenly from 0.25 to 0.97, so
/// that equal steps look equal and a grey print keeps the order; the hue runs from violet over
/// red to yellow.
pub(crate) fn density_color(density: f64) -> Rgb {
    let t = if density.is_finite() {
        density.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let lightness = 0.25 + 0.72 * t;
    // Chroma is highest in the middle: neither dark violet nor light yellow has room for more.
    let chroma = 0.085 + 0.42 * t * (1.0 - t) * (1.0 - 0.25 * t);
    let hue = (285.0 + 182.0 * t).to_radians();
    oklab_to_srgb(lightness, chroma * hue.cos(), chroma * hue.sin())
}

/// Colour where nothing was counted.
pub(crate) const NO_HITS: Rgb = (10, 9, 16);

fn oklab_to_srgb(lightness: f64, a: f64, b: f64) -> Rgb {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    let gamma = |x: f64| {
        let x = x.clamp(0.0, 1.0);
        let y = if x <= 0.003_130_8 {
            12.92 * x
        } else {
            1.055 * x.powf(1.0 / 2.4) - 0.055
        };
        (y * 255.0).round() as u8
    };
    (
        gamma(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        gamma(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        gamma(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prop_density_colours_grow_lighter_step_by_step() {
        let luminance = |(r, g, b): Rgb| {
            0.2126 * f64::from(r).powf(2.2)
                + 0.7152 * f64::from(g).powf(2.2)
                + 0.0722 * f64::from(b).powf(2.2)
        };
        let steps: Vec<f64> = (0..=40)
            .map(|i| luminance(density_color(f64::from(i) / 40.0)))
            .collect();
        assert!(steps.windows(2).all(|w| w[1] > w[0]), "{steps:?}");
        // The first count stands out from no count.
        assert!(steps[0] > 2.0 * luminance(NO_HITS));
        assert_eq!(density_color(f64::NAN), density_color(0.0));
    }

    #[test]
    fn the_font_is_found_and_measures() {
        let narrow = text_width("iii", 20.0, Weight::Regular);
        let wide = text_width("WWW", 20.0, Weight::Regular);
        assert!(narrow > 5.0 && wide > 2.0 * narrow, "{narrow} {wide}");
        assert!(font(20.0, Weight::Bold).box_size("x").is_ok());
        // A superscript is narrower than the digit it stands for.
        assert!(
            text_width("10³", 20.0, Weight::Regular) < text_width("103", 20.0, Weight::Regular)
        );
    }
}
