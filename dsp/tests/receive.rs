//! The receiver end to end, on signals whose truth is known.

#[path = "receive/bad_input.rs"]
mod bad_input;
#[path = "receive/bad_links.rs"]
mod bad_links;
#[path = "receive/cancellation.rs"]
mod cancellation;
#[path = "receive/error_statistics.rs"]
mod error_statistics;
#[path = "receive/interference.rs"]
mod interference;
#[path = "receive/patterns.rs"]
mod patterns;
#[path = "../src/signals.rs"]
mod signals;
#[path = "receive/theory.rs"]
mod theory;
#[path = "receive/timing.rs"]
mod timing;
#[path = "receive/transmitter.rs"]
mod transmitter;
#[path = "receive/walker.rs"]
mod walker;

use etalon_dsp::{BaudChoice, EqualizerChoice, PatternChoice, ReceiveOptions, Reception, receive};

const BAUD_HZ: f64 = 26.5625e9;

/// One sample a symbol, known pattern, no equalizer.
fn plain(pattern: &str) -> ReceiveOptions {
    ReceiveOptions {
        baud: BaudChoice::Is(BAUD_HZ),
        pattern: PatternChoice::Named(pattern.parse().unwrap()),
        equalizer: EqualizerChoice::None,
        ..Default::default()
    }
}

/// Receives at so many samples a symbol, and looks at every number of the report.
fn at(samples: &[f32], samples_per_symbol: f64, options: &ReceiveOptions) -> Reception {
    let interval_s = 1.0 / (BAUD_HZ * samples_per_symbol);
    let reception = receive(samples, interval_s, options, &mut ()).expect("options make sense");
    walker::every_number_is_finite(&reception);
    reception
}
