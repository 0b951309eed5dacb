//! Options that make no sense are refused before anything is computed.

use std::fmt::Display;

use etalon_types::pattern::Modulation;

use super::front_end::is_possible;
use crate::Error;
use crate::options::{BaudChoice, ModulationChoice, PatternChoice, ReceiveOptions};

/// Refuses options that contradict each other or the sample rate.
pub(super) fn check_options(sample_interval_s: f64, options: &ReceiveOptions) -> Result<(), Error> {
    if !(sample_interval_s.is_finite() && sample_interval_s > 0.0) {
        return Err(Error::NoSampleRate);
    }
    if let BaudChoice::Is(baud_hz) = options.baud {
        let sample_rate_hz = 1.0 / sample_interval_s;
        let sps = sample_rate_hz / baud_hz;
        if !baud_hz.is_finite() || baud_hz <= 0.0 || !is_possible(sps) {
            return Err(Error::ImpossibleBaud {
                baud_hz,
                sample_rate_hz,
            });
        }
    }
    check_pattern(options)?;
    let taps = options.taps.unwrap_or(1);
    expect("--taps", "1 to 1025", (1..=1025).contains(&taps), &taps)?;
    expect(
        "--zero",
        "a finite level",
        options.zero.is_finite(),
        &options.zero,
    )?;
    let linewidth_hz = options.linewidth_hz.unwrap_or(1.0);
    expect(
        "--linewidth",
        "more than 0 Hz",
        linewidth_hz.is_finite() && linewidth_hz > 0.0,
        &linewidth_hz,
    )
}

/// A pattern must fit the modulation that was told.
fn check_pattern(options: &ReceiveOptions) -> Result<(), Error> {
    let told = match options.modulation {
        ModulationChoice::Is(modulation) => Some(modulation),
        ModulationChoice::Auto => None,
    };
    match &options.pattern {
        PatternChoice::Named(name) => expect(
            "--pattern",
            "a pattern of the modulation that was told",
            told.is_none_or(|m| m == name.modulation()),
            name,
        ),
        PatternChoice::Symbols { symbols, .. } => {
            let levels = told.unwrap_or(Modulation::Pam4).levels();
            let top = symbols.iter().copied().max().unwrap_or(0);
            expect(
                "--pattern",
                "2 symbols or more",
                symbols.len() > 1,
                &symbols.len(),
            )?;
            expect(
                "--pattern",
                "symbols below the number of levels",
                usize::from(top) < levels,
                &top,
            )
        }
        PatternChoice::Auto | PatternChoice::None => Ok(()),
    }
}

fn expect(
    option: &'static str,
    expected: &str,
    holds: bool,
    found: &dyn Display,
) -> Result<(), Error> {
    if holds {
        return Ok(());
    }
    Err(Error::Option {
        option,
        expected: expected.into(),
        found: found.to_string(),
    })
}
