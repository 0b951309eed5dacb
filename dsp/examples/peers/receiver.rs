//! The whole receiver: a file in, numbers out.
//!
//! `receiver_lms21` reads the samples of the `timing` row (two a symbol, 50 ppm off), recovers the
//! clock, resamples, fits 21 taps on known symbols, follows by block LMS, finds how far the decided
//! symbols are rotated against the sent ones and counts. `receiver_mlse16` shapes the signal to
//! three taps instead and detects sequences over sixteen states. The training symbols stand where a
//! first look at the decided symbols finds them; that look is timed too. As in the naive C, buffers
//! and tables are made before.

use std::cell::RefCell;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use etalon_dsp::equalizer::mlse::detect_into;
use etalon_dsp::equalizer::partial_response::{Known, Memory, PartialResponse, Shaping};
use etalon_dsp::kernels::count::{confusion, find_lag};
use etalon_dsp::kernels::fir::{Fir, Spacing};
use etalon_dsp::kernels::lms;
use etalon_dsp::kernels::viterbi::Workspace;
use etalon_dsp::kernels::{level_name, levels};
use etalon_dsp::timing::recover_at;
use etalon_dsp::timing::resample::{Resampler, Scratch, whole_symbols};
use fearless_simd::Level;

use crate::adaptive::{TAPS, settings, start};
use crate::report::{Report, Row};
use crate::workload::{TRAINING, Workload};

/// Zero crossings of the interpolator: the workload's roll-off of 0.3 ends at 0.65 of Nyquist.
const CROSSINGS: usize = 4;
/// Bytes of the file that are read at a time.
const READ: usize = 1 << 16;
/// Symbols that are decided before anything is trained, to find where the known ones stand.
const LOOK: usize = 4096;
/// Symbols at the end that are not judged.
const END: usize = 64;

/// Counted errors and symbols.
type Counts = (u64, u64);

/// Prints the lines at the two best instruction sets.
pub fn lines(workload: &Workload, report: &Report) {
    let receiver = RefCell::new(Receiver::new(workload));
    for level in levels().into_iter().take(2) {
        let name = level_name(level);
        let line = |kernel: &str, note: &str, run: fn(&mut Receiver, Level) -> Option<Counts>| {
            let row = Row {
                kernel,
                unit: "Msym/s",
                n: workload.symbols(),
                dtype: "f32",
                note: &format!("{name}, {note}"),
                runs: 25,
            };
            report.line(
                &row,
                || run(&mut receiver.borrow_mut(), level),
                |counts| counts.map(|(wrong, judged)| wrong as f64 / judged as f64),
            );
        };
        line(
            "receiver_lms21",
            "file, clock, 2 samples a symbol, least squares and block LMS, lag, count",
            Receiver::lms21,
        );
        line(
            "receiver_mlse16",
            "file, clock, 2 samples a symbol, 21 taps to 3, 16 states, lag, count",
            Receiver::mlse16,
        );
    }
}

/// Tables and buffers.
struct Receiver {
    sent: Vec<u8>,
    path: PathBuf,
    table: Resampler,
    scratch: Scratch,
    bytes: Vec<u8>,
    samples: Vec<f32>,
    two: Vec<f32>,
    short: Vec<f32>,
    decided: Vec<u8>,
    workspace: Workspace,
}

impl Receiver {
    fn new(workload: &Workload) -> Self {
        Self {
            sent: workload.tx.clone(),
            path: Workload::path("timing.f32"),
            table: Resampler::with_crossings(1.0, CROSSINGS),
            scratch: Scratch::default(),
            bytes: vec![0; READ],
            samples: Vec::new(),
            two: Vec::new(),
            short: Vec::new(),
            decided: Vec::new(),
            workspace: Workspace::default(),
        }
    }

    fn read(&mut self) -> Option<()> {
        self.samples.clear();
        let mut file = File::open(&self.path).ok()?;
        loop {
            // The file is a whole number of blocks and samples: a read is cut at neither.
            let count = file.read(&mut self.bytes).ok()?;
            let samples = self.bytes[..count].as_chunks::<4>().0;
            let values = samples.iter().map(|b| f32::from_le_bytes(*b));
            self.samples.extend(values);
            if count == 0 {
                return Some(());
            }
        }
    }

    /// Makes the samples at two a symbol; returns the place of symbol 0 in what was sent.
    fn front(&mut self, level: Level) -> Option<usize> {
        self.read()?;
        let timing = recover_at(level, &self.samples, 2.0);
        let first = timing.first_symbol();
        let symbols = whole_symbols(self.samples.len(), &timing, first);
        self.two.resize(2 * symbols, 0.0);
        self.table.fill(
            level,
            &self.samples,
            &timing,
            first,
            2,
            &mut self.scratch,
            &mut self.two,
        );
        self.decided.resize(symbols, 0);
        let threshold = 2.0 / 5f32.sqrt();
        let look: Vec<u8> = self
            .two
            .iter()
            .step_by(2)
            .take(LOOK)
            .map(|&y| u8::from(y > -threshold) + u8::from(y > 0.0) + u8::from(y > threshold))
            .collect();
        find_lag(level, &self.sent, &look)
    }

    /// Counts errors behind the training symbols; `None` when they stand elsewhere than those.
    fn judge(&self, level: Level, lag: usize) -> Option<Counts> {
        let last = self.decided.len().min(self.sent.len() - lag) - END;
        let decided = &self.decided[TRAINING..last];
        if find_lag(level, &self.sent, decided)? != lag + TRAINING {
            return None;
        }
        let counts = confusion(level, &self.sent[lag + TRAINING..lag + last], decided);
        Some((counts.errors(), counts.symbols()))
    }

    fn lms21(&mut self, level: Level) -> Option<Counts> {
        let lag = self.front(level)?;
        let settings = settings(&self.two);
        let (mut fir, _) = start(level, &self.two, &self.sent[lag..lag + TRAINING], 0);
        lms::lms(level, &self.two, &settings, &mut fir, &mut self.decided);
        self.judge(level, lag)
    }

    fn mlse16(&mut self, level: Level) -> Option<Counts> {
        let lag = self.front(level)?;
        let known = Known {
            samples: &self.two[..2 * TRAINING],
            spacing: 2,
            sent: &self.sent[lag..lag + TRAINING],
            levels: 4,
            training: 0..TRAINING,
            pad: 0.0,
        };
        let shaped = PartialResponse::train(&known, TAPS, Shaping::Target, Memory::Is(2)).ok()?;
        let forward = &shaped.equalizer;
        let fir = Fir::new(Spacing::HalfSymbol, &forward.taps, TAPS / 2, forward.pad);
        self.short.resize(self.decided.len(), 0.0);
        fir.filter_into(level, &self.two, &mut self.short);
        let trellis = &shaped.channel.trellis;
        detect_into(
            level,
            &self.short,
            trellis,
            &mut self.workspace,
            &mut self.decided,
        );
        self.judge(level, lag)
    }
}
