//! Patterns, rates and modulations that are found without being told.

use crate::signals::{Noise, Shaping, noisy, pattern, shaped, symbols};
use crate::{BAUD_HZ, at, plain};
use etalon_dsp::{
    BaudChoice, EqualizerChoice, Error, LineCode, ModulationChoice, PatternChoice, ReceiveOptions,
    receive,
};
use etalon_types::Modulation;

fn blind() -> ReceiveOptions {
    ReceiveOptions {
        pattern: PatternChoice::Auto,
        equalizer: EqualizerChoice::Auto,
        ..plain("prbs7")
    }
}

/// Every known pattern, in both polarities, from the middle of its period.
#[test]
fn every_pattern_is_named() {
    for (name, inverted) in [
        ("prbs7", false),
        ("prbs9", true),
        ("prbs11", false),
        ("prbs13", false),
        ("prbs15", true),
        ("prbs20", false),
        ("prbs23", false),
        ("prbs31", false),
        ("prbs7q", false),
        ("prbs9q", false),
        ("prbs11q", true),
        ("prbs13q", true),
        ("prbs15q", false),
        ("prbs20q", false),
        ("prbs23q", true),
        ("prbs31q", false),
        ("ssprq", false),
        ("ssprq", true),
    ] {
        let all = pattern(name, 85_000);
        let levels = if name.ends_with('q') { 4 } else { 2 };
        let mut samples = noisy(&all[1_234..], levels, 0.2, 5);
        if inverted {
            samples.iter_mut().for_each(|x| *x = -*x);
        }
        let report = at(&samples, 1.0, &blind()).report;
        assert_eq!(report.link.pattern.as_deref(), Some(name));
        let polarity = if inverted { "inverted" } else { "normal" };
        assert_eq!(report.link.polarity.as_deref(), Some(polarity), "{name}");
        // Q(5) = 3e-7 an edge: hardly an error in 85 000 symbols.
        assert!(report.estimates.ser.value() < Some(1e-3), "{name}");
    }
}

#[test]
fn a_pattern_that_does_not_occur_is_flagged() {
    let samples = noisy(&symbols(3, 30_000, 4), 4, 0.1, 1);
    for options in [
        ReceiveOptions {
            pattern: PatternChoice::Named("ssprq".parse().unwrap()),
            ..blind()
        },
        ReceiveOptions {
            pattern: PatternChoice::Symbols {
                name: "mine".into(),
                symbols: symbols(4, 5_000, 4),
            },
            ..blind()
        },
    ] {
        let report = at(&samples, 1.0, &options).report;
        assert!(report.quality.iter().any(|q| q.flag == "pattern-not-found"));
        assert!(report.estimates.pre_fec_ber.estimate().is_none());
        assert_eq!(report.link.pattern, None);
    }
    let report = at(&samples, 1.0, &blind()).report;
    assert_eq!(report.link.pattern, None);
    assert_eq!(report.link.modulation, Modulation::Pam4);
    assert!(report.estimates.snr_db.estimate().is_some());
}

/// Oversampled, rate unknown, clock off by 30 ppm.
#[test]
fn the_rate_is_found_among_the_standards() {
    let sent = pattern("prbs13q", 40_000);
    for sps in [2.0, 3.879, 4.0] {
        let shape = Shaping {
            samples_per_symbol: sps,
            offset_ppm: 30.0,
            delay_ui: 0.4,
        };
        let samples = shaped(&sent, 4, shape);
        let options = ReceiveOptions {
            baud: BaudChoice::Auto,
            ..blind()
        };
        let report = at(&samples, sps, &options).report;
        assert!(
            (report.link.baud_hz / BAUD_HZ - 1.0).abs() < 40e-6,
            "{:?}",
            report.link
        );
        assert_eq!(report.link.pattern.as_deref(), Some("prbs13q"));
        assert!(report.estimates.ser.value() < Some(1e-3));
    }
}

#[test]
fn noise_has_no_rate() {
    let mut noise = Noise::new(3);
    let samples: Vec<f32> = (0..60_000).map(|_| noise.normal() as f32).collect();
    let options = ReceiveOptions {
        baud: BaudChoice::Auto,
        ..blind()
    };
    let found = receive(&samples, 1.0 / (3.0 * BAUD_HZ), &options, &mut ());
    assert!(matches!(found, Err(Error::NoBaud { .. })), "{found:?}");
    let report = at(&samples, 3.0, &blind()).report;
    assert!(report.quality.iter().any(|q| q.flag == "wrong-rate"));
}

#[test]
fn framing_is_checked_on_decided_bits() {
    let mut noise = Noise::new(3);
    let bits: Vec<u8> = (0..800)
        .flat_map(|_| {
            let first = noise.symbol(2);
            let mut block = vec![first, 1 - first];
            block.extend((0..64).map(|_| noise.symbol(2)));
            block
        })
        .collect();
    let options = ReceiveOptions {
        line_code: LineCode::Code64b66b,
        pattern: PatternChoice::None,
        modulation: ModulationChoice::Is(Modulation::Nrz),
        ..blind()
    };
    let report = at(&noisy(&bits, 2, 0.1, 4), 1.0, &options).report;
    let check = report.line_code.expect("asked for");
    assert_eq!(
        (check.blocks, check.bad_sync_headers, check.first_bit),
        (800, 0, 0)
    );
}
