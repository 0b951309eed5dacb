//! Sequence detection on the real optical captures: 56 Gb/s on-off keying through 10G-class
//! optics, int8, one sample a bit, a channel close to 1 + D.
//!
//! They lie in `../shared/captures` beside the repository (`ETALON_SHARED` names another folder
//! than `../shared`). Without them the test says so in one line and returns; with `CI=true` it
//! fails.

use std::path::{Path, PathBuf};

use etalon_dsp::equalizer::mlse::detect;
use etalon_dsp::equalizer::partial_response::{Known, Memory, PartialResponse, Shaping};
use etalon_dsp::kernels::level;

/// Capture, pattern and the sample of bit 0, by correlation in another program.
const CASES: [(&str, &str, usize); 5] = [
    ("chan1-0.bin", "Jul 9_0841train.csv", 174_838),
    ("chan1-1.bin", "Jul 9_0842train.csv", 167_414),
    ("chan1-2.bin", "Jul 9_0843train.csv", 72_950),
    ("chan1-4.bin", "Jul 9_0842train.csv", 98_136),
    ("chan1-5.bin", "Jul 9_0843train.csv", 182_630),
];

/// Bits of a period; the first half trains, the second judges.
const PERIOD: usize = 196_608;

fn captures() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let shared = std::env::var_os("ETALON_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("captures/optical_imdd");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "CI needs the real captures in {}",
        folder.display()
    );
    println!(
        "optical IM/DD, sequence detection: left out, there is no {}",
        folder.display()
    );
    None
}

/// A linear equalizer leaves 2e-3 to 4e-3; one bit of decision feedback leaves none; so must
/// sequence detection over the same memory, in every capture.
#[test]
fn ref_real_optical_imdd_sequence_detection_leaves_no_error() {
    let Some(folder) = captures() else { return };
    for (file, pattern, lag) in CASES {
        let samples: Vec<f32> = std::fs::read(folder.join(file))
            .unwrap()
            .iter()
            .map(|&b| f32::from(b as i8))
            .collect();
        let pattern: Vec<u8> = std::fs::read_to_string(folder.join(pattern))
            .unwrap()
            .lines()
            .map(|line| line.trim().parse().unwrap())
            .collect();
        assert_eq!(pattern.len(), PERIOD, "{file}");
        let sent: Vec<u8> = (0..samples.len())
            .map(|k| pattern[(k + PERIOD - lag) % PERIOD])
            .collect();
        for shaping in [Shaping::Target, Shaping::Whitened] {
            let known = Known {
                samples: &samples,
                spacing: 1,
                sent: &sent,
                levels: 2,
                training: lag..lag + PERIOD / 2,
                pad: 0.0,
            };
            let found = PartialResponse::train(&known, 61, shaping, Memory::Is(1)).unwrap();
            let decided = detect(level(), &found.shape(&samples), &found.channel.trellis);
            let judged = lag + PERIOD / 2..lag + PERIOD;
            let errors = judged.clone().filter(|&k| decided[k] != sent[k]).count();
            println!(
                "{file}  {shaping:?}: {errors} errors in {}, main cursor {:.2} dB",
                judged.len(),
                10.0 * found.main_cursor_snr.log10()
            );
            assert_eq!(errors, 0, "{file}, {shaping:?}");
        }
    }
}
