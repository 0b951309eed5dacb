//! KP4: RS(544,514) decoding, in PAM-4 symbols as the kit counts it.

use etalon_types::Modulation;
use etalon_types::kp4::framing::to_line;
use etalon_types::kp4::{Code, Decoded, ReedSolomon};

use crate::report::{Report, Row};
use crate::workload::Workload;

/// Codewords of a run.
const CODEWORDS: usize = 512;
/// Line symbols of a codeword.
const LINE: usize = 2720;

/// Decodes words without errors, at the threshold's 2.4e-4 (1.3 wrong code symbols a codeword), and
/// with 15 wrong code symbols in each; the error ratio is the share of words not recovered.
pub fn lines(workload: &Workload, report: &Report) {
    let code = ReedSolomon::new(Code::KP4);
    let sent: Vec<Vec<u16>> = (0..CODEWORDS)
        .filter_map(|c| {
            let message: Vec<u16> = (0..code.code().k())
                .map(|i| {
                    let at = (c * 514 + i) * 4 % (workload.tx.len() - 4);
                    workload.tx[at..at + 5]
                        .iter()
                        .fold(0, |s, &t| s << 2 | u16::from(t))
                })
                .collect();
            code.encode(&message).ok()
        })
        .collect();
    assert_eq!(to_line(&sent[0], Modulation::Pam4).len(), LINE);
    for (note, wrong) in [
        ("no error", &[0][..]),
        ("1.3 wrong code symbols a word", &[1, 2, 1]),
        ("15 wrong code symbols a word", &[15]),
    ] {
        let received: Vec<Vec<u16>> = sent
            .iter()
            .enumerate()
            .map(|(c, word)| {
                let mut word = word.clone();
                for e in 0..wrong[c % wrong.len()] {
                    word[(e * 36 + c) % 544] ^= 1 + ((c + e) % 1023) as u16;
                }
                word
            })
            .collect();
        let row = Row {
            kernel: "kp4_decode",
            unit: "Msym/s",
            n: CODEWORDS * LINE,
            dtype: "u16",
            note,
            runs: 7,
        };
        let mut words = received.clone();
        report.line(
            &row,
            || {
                for (word, from) in words.iter_mut().zip(&received) {
                    word.copy_from_slice(from);
                }
                let lost = words
                    .iter_mut()
                    .map(|word| code.decode(word))
                    .filter(|decoded| !matches!(decoded, Ok(Decoded::Corrected(_))))
                    .count();
                let wrong = words.iter().zip(&sent).filter(|(a, b)| a != b).count();
                lost.max(wrong)
            },
            |&bad| Some(bad as f64 / CODEWORDS as f64),
        );
    }
}
