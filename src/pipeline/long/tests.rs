//! Blocks against the whole, on simulated links.

use super::*;
use crate::pipeline::{Analysis, IN_SOME, Identity, POOLED, analyze_in_blocks};
use etalon_dsp::{Measures, PatternChoice, Quantity};
use etalon_twin::link::{LinkConfig, Noise, Reflection, SymbolSource, simulate};
use etalon_types::report::MpiRegime;
use etalon_types::units::{Baud, Db, Hertz, Seconds};
use etalon_types::{FaultKind, Figure, PatternName, Waveform, WaveformInfo};
use proptest::prelude::*;
use std::num::NonZeroU64;

const BAUD_HZ: f64 = 26.5625e9;
const SYMBOLS: usize = 1 << 20;
/// An eighth of the capture at two samples a symbol.
const EIGHTH: u64 = SYMBOLS as u64 / 4;

fn link(snr_db: f64, level_db: Option<f64>) -> LinkConfig {
    let reflection = |level_db| Reflection {
        level: Db(level_db),
        delay: Seconds(250e-9),
        ..Reflection::default()
    };
    LinkConfig {
        seed: 11,
        source: SymbolSource::Pattern {
            name: PatternName::PrbsQ(13),
        },
        symbols: SYMBOLS,
        baud: Baud(BAUD_HZ),
        samples_per_symbol: 2,
        linewidth: Hertz(5e6),
        noise: Noise::Snr { snr: Db(snr_db) },
        reflections: level_db.map(reflection).into_iter().collect(),
        ..LinkConfig::default()
    }
}

fn options() -> ReceiveOptions {
    ReceiveOptions {
        baud: BaudChoice::Is(BAUD_HZ),
        pattern: PatternChoice::Named(PatternName::PrbsQ(13)),
        quantity: Quantity::OpticalPower,
        measures: Measures {
            reflectogram: false,
            ..Measures::default()
        },
        ..ReceiveOptions::default()
    }
}

fn analyze(source: &dyn WaveformSource, options: &ReceiveOptions, block: u64) -> Analysis {
    let length = BlockLength::Samples(NonZeroU64::new(block).unwrap());
    analyze_in_blocks(source, options, &Identity::memory("test"), length).unwrap()
}

/// Everything of a report that may not depend on clock or threads, as bytes.
fn bytes(mut report: LinkReport) -> String {
    report.timing_s.clear();
    report.provenance.threads = 0;
    serde_json::to_string(&report).unwrap()
}

/// Samples with a part of them replaced.
struct Damaged {
    inner: Waveform,
    part: Range<u64>,
    with: f64,
}

impl WaveformSource for Damaged {
    fn info(&self) -> &WaveformInfo {
        self.inner.info()
    }

    fn read_at(&self, first: u64, out: &mut [f64]) -> Result<usize, ReadError> {
        let got = self.inner.read_at(first, out)?;
        for (k, x) in (first..).zip(&mut out[..got]) {
            if self.part.contains(&k) {
                *x = self.with;
            }
        }
        Ok(got)
    }
}

proptest! {
    #[test]
    fn prop_blocks_are_equal_and_cover_the_trace(samples in 0_u64..1 << 50, block in 1_u64 << 20..1 << 40) {
        let length = BlockLength::Samples(NonZeroU64::new(block).unwrap());
        // More blocks than fit memory are not what is asked here.
        prop_assume!(samples / block < 10_000);
        let Some(blocks) = cut(samples, length) else {
            prop_assert!(samples <= block);
            return Ok(());
        };
        prop_assert_eq!(blocks[0].start, 0);
        prop_assert_eq!(blocks[blocks.len() - 1].end, samples);
        prop_assert!(blocks.windows(2).all(|pair| pair[0].end == pair[1].start));
        let lengths = || blocks.iter().map(|b| b.end - b.start);
        prop_assert!(lengths().max().unwrap() <= block);
        prop_assert!(lengths().max().unwrap() - lengths().min().unwrap() <= 1);
    }
}

#[test]
fn traces_that_fit_memory_stay_whole() {
    assert_eq!(cut(WHOLE, BlockLength::Auto), None);
    let blocks = cut(WHOLE + 1, BlockLength::Auto).unwrap();
    assert_eq!(blocks.len() as u64, (WHOLE + 1).div_ceil(BLOCK));
}

/// Counts are those of the blocks received one by one, added up by hand.
#[test]
fn counts_are_the_sums_of_the_blocks() {
    let trace = simulate(&link(18.0, None)).unwrap().waveform;
    let pooled = analyze(&trace, &options(), EIGHTH).report;
    let all = trace.read_all_f32().unwrap();
    let (mut errors, mut bits, mut lost, mut counts) = (0, 0, 0.0, vec![0; 4]);
    for part in all.chunks(EIGHTH as usize) {
        let own = etalon_dsp::receive(part, 0.5 / BAUD_HZ, &options(), &mut ()).unwrap();
        let ber = own.report.estimates.pre_fec_ber.estimate().unwrap().clone();
        errors += ber.errors.unwrap();
        bits += ber.n;
        let statistics = own.report.error_statistics.unwrap();
        lost += statistics.kp4[0].histogram.iter().sum::<f64>();
        for (sum, level) in counts.iter_mut().zip(&own.report.levels) {
            *sum += level.count;
        }
    }
    let ber = pooled.estimates.pre_fec_ber.estimate().unwrap();
    assert_eq!((ber.errors, ber.n), (Some(errors), bits));
    assert_eq!(ber.value, errors as f64 / bits as f64);
    let statistics = pooled.error_statistics.unwrap();
    assert_eq!(
        statistics.bursts.errors,
        pooled.estimates.ser.estimate().unwrap().errors.unwrap()
    );
    assert!((statistics.kp4[0].histogram.iter().sum::<f64>() - lost).abs() < 1e-6 * lost);
    let levels: Vec<u64> = pooled.levels.iter().map(|l| l.count).collect();
    assert_eq!(levels, counts);
    assert_eq!(pooled.input.samples, 2 * SYMBOLS as u64);
    assert_eq!(pooled.quality[0].flag, POOLED);
}

/// The pooled figure and the whole one estimate the same: each lies in the other's interval, both
/// widened by as much again, since both are drawn from chance.
fn agree(name: &str, pooled: &Figure, whole: &Figure) {
    let (p, w) = (pooled.estimate(), whole.estimate());
    assert_eq!(p.is_some(), w.is_some(), "{name}: {pooled:?}\n{whole:?}");
    if let (Some(p), Some(w)) = (p, w) {
        let reach = (p.high - p.low).hypot(w.high - w.low);
        assert!((p.value - w.value).abs() <= reach, "{name}: {p:?}\n{w:?}");
        assert!(p.low <= p.value && p.value <= p.high, "{name}: {p:?}");
    }
}

#[test]
fn pooled_figures_are_those_of_the_whole() {
    let options = ReceiveOptions {
        measures: Measures::default(),
        ..options()
    };
    for (level_db, kind) in [(None, FaultKind::Healthy), (Some(-30.0), FaultKind::Mpi)] {
        let trace = simulate(&link(19.5, level_db)).unwrap().waveform;
        let whole = analyze(&trace, &options, u64::MAX).report;
        let pooled = analyze(&trace, &options, EIGHTH).report;
        let (p, w) = (&pooled.estimates, &whole.estimates);
        for (name, p, w) in [
            ("ber", &p.pre_fec_ber, &w.pre_fec_ber),
            ("ser", &p.ser, &w.ser),
            ("snr", &p.snr_db, &w.snr_db),
            ("oma", &p.oma_outer, &w.oma_outer),
            ("er", &p.extinction_ratio_db, &w.extinction_ratio_db),
            ("rlm", &p.rlm_120d, &w.rlm_120d),
            ("mpi", &p.mpi_db, &w.mpi_db),
        ] {
            agree(name, p, w);
        }
        let found = |report: &LinkReport| report.classification.clone().unwrap().kind;
        assert_eq!((found(&pooled), found(&whole)), (kind, kind));
        // Nothing found, and nothing that could be told, are both no interference.
        let regime = |report: &LinkReport| report.mpi_regime.filter(|&r| r != MpiRegime::None);
        assert_eq!(regime(&pooled), regime(&whole));
        assert_eq!(pooled.mpi_paths.is_empty(), whole.mpi_paths.is_empty());
        for (path, own) in pooled.mpi_paths.iter().zip(&whole.mpi_paths).take(1) {
            assert!(
                (path.delay_s - own.delay_s).abs() < 1.0 / BAUD_HZ,
                "{path:?} {own:?}"
            );
        }
        assert_eq!(pooled.link.lag, whole.link.lag);
        assert!((pooled.link.baud_hz / whole.link.baud_hz - 1.0).abs() < 1e-7);
    }
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let trace = simulate(&link(18.0, Some(-30.0))).unwrap().waveform;
    let found: Vec<String> = [1, 2, 8]
        .map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().scope(|_| {
                // Rate and modulation are searched for, in the first block alone.
                let options = ReceiveOptions {
                    baud: BaudChoice::Auto,
                    ..options()
                };
                bytes(analyze(&trace, &options, EIGHTH).report)
            })
        })
        .to_vec();
    assert_eq!(found[0], found[1]);
    assert_eq!(found[0], found[2]);
}

#[test]
fn a_bad_block_is_told_and_does_not_speak_for_the_whole() {
    let inner = simulate(&link(19.5, None)).unwrap().waveform;
    // The first eighth and a little more is dark.
    let dark = Damaged {
        inner: inner.clone(),
        part: 0..EIGHTH + 10,
        with: 0.0,
    };
    let found = analyze(&dark, &options(), EIGHTH);
    let report = &found.report;
    assert!(
        report
            .quality
            .iter()
            .any(|q| q.flag == IN_SOME && q.detail.starts_with("constant"))
    );
    assert!(report.quality.iter().all(|q| q.flag != "constant"));
    assert_eq!(
        report.classification.as_ref().unwrap().kind,
        FaultKind::Healthy
    );
    let whole = analyze(&inner, &options(), EIGHTH).report;
    agree("snr", &report.estimates.snr_db, &whole.estimates.snr_db);
    assert!(report.estimates.ser.estimate().unwrap().n < whole.estimates.ser.estimate().unwrap().n);
    // Curves come from the first block that has any.
    assert!(found.traces.eye.is_some());
    assert_eq!(report.link.lag, None);
}

#[test]
fn nothing_is_measured_when_most_blocks_are_dark() {
    let dark = Damaged {
        inner: simulate(&link(19.5, None)).unwrap().waveform,
        part: 0..4 * EIGHTH,
        with: 0.0,
    };
    let report = analyze(&dark, &options(), EIGHTH).report;
    assert!(report.quality.iter().any(|q| q.flag == "constant"));
    for figure in [&report.estimates.snr_db, &report.estimates.pre_fec_ber] {
        assert!(
            figure
                .reason()
                .unwrap()
                .contains("not measurable in 4 of 8 blocks"),
            "{figure:?}"
        );
    }
    assert_eq!(report.classification.unwrap().kind, FaultKind::Unknown);
}

#[test]
fn memory_is_shared_and_given_back() {
    let first = Share::take(100, BLOCK);
    assert_eq!(first.blocks as u64, MEMORY / (BLOCK * BYTES_PER_SAMPLE));
    // Nothing is left, and one block still goes on.
    assert_eq!(Share::take(8, BLOCK).blocks, 1);
    drop(first);
    assert!(Share::take(2, BLOCK).blocks >= 1);
}
