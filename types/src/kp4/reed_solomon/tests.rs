use proptest::prelude::*;

use super::*;

/// A splitmix64 generator, so that every run sees the same words.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    fn message(&mut self, code: Code) -> Vec<u16> {
        (0..code.k()).map(|_| self.below(1024) as u16).collect()
    }

    /// Spoils `count` different places of a word.
    fn spoil(&mut self, word: &mut [u16], count: usize) {
        let mut places = Vec::new();
        while places.len() < count {
            let at = self.below(word.len() as u64) as usize;
            if !places.contains(&at) {
                places.push(at);
                word[at] ^= 1 + self.below(1023) as u16;
            }
        }
    }
}

/// IEEE 802.3 table 91-1: the coefficients of both generator polynomials, lowest first.
#[test]
fn ref_generator_polynomials_are_those_of_the_standard() {
    let kr4 = [
        432, 290, 945, 265, 592, 391, 614, 900, 925, 656, 32, 701, 6, 904, 1,
    ];
    let kp4 = [
        523, 834, 128, 158, 185, 127, 392, 193, 610, 788, 361, 883, 503, 942, 385, 495, 720, 94,
        132, 593, 249, 282, 565, 108, 1, 552, 230, 187, 552, 575, 1,
    ];
    assert_eq!(ReedSolomon::new(Code::KR4).generator(), kr4);
    assert_eq!(ReedSolomon::new(Code::KP4).generator(), kp4);
}

#[test]
fn ref_codewords_are_zero_at_the_roots() {
    for code in [ReedSolomon::new(Code::KP4), ReedSolomon::new(Code::KR4)] {
        let mut codeword = code.encode(&Draw(1).message(code.code())).unwrap();
        assert_eq!(codeword.len(), code.code().n());
        assert!(code.is_codeword(&codeword).unwrap());
        codeword.reverse();
        for j in 0..2 * code.code().t() {
            assert_eq!(field::evaluate(&codeword, j), 0, "alpha^{j}");
        }
        assert_ne!(field::evaluate(&codeword, 2 * code.code().t()), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn prop_up_to_t_errors_are_corrected(seed: u64, share in 0.0..=1.0f64) {
        for code in [ReedSolomon::new(Code::KP4), ReedSolomon::new(Code::KR4)] {
            let mut draw = Draw(seed);
            let count = (share * code.code().t() as f64).round() as usize;
            let sent = code.encode(&draw.message(code.code())).unwrap();
            let mut word = sent.clone();
            draw.spoil(&mut word, count);
            prop_assert_eq!(code.decode(&mut word).unwrap(), Decoded::Corrected(count));
            prop_assert_eq!(word, sent);
        }
    }
}

/// Whatever is uncorrectable is left as it was; whatever is corrected is a codeword. With t + 1
/// to 2t + 8 errors a KR4 word is miscorrected with a probability of at most about 1.9e-6 (the share of
/// words near a codeword), a KP4 word with 5e-17: none in 2000 words, but for 4e-3.
#[test]
fn ref_more_than_t_errors_are_detected() {
    for code in [ReedSolomon::new(Code::KP4), ReedSolomon::new(Code::KR4)] {
        let mut draw = Draw(7);
        let sent = code.encode(&draw.message(code.code())).unwrap();
        for trial in 0..2000 {
            let mut received = sent.clone();
            draw.spoil(
                &mut received,
                code.code().t() + 1 + trial % (code.code().t() + 8),
            );
            let mut word = received.clone();
            assert_eq!(code.decode(&mut word).unwrap(), Decoded::Uncorrectable);
            assert_eq!(word, received);
        }
    }
}

/// Next to another codeword the decoder must go there: that is what bounded distance means.
#[test]
fn a_word_near_another_codeword_goes_to_that_one() {
    let code = ReedSolomon::new(Code::KP4);
    let mut draw = Draw(3);
    let other = code.encode(&draw.message(code.code())).unwrap();
    let mut word = other.clone();
    draw.spoil(&mut word, 15);
    assert_eq!(code.decode(&mut word).unwrap(), Decoded::Corrected(15));
    assert_eq!(word, other);
}

/// The volume of the ball, by hand: the last shell dominates. C(528,7) = 2.18e15,
/// (1023/1024)^7 = 0.9932, / 1024^7: 1.85e-6 with the smaller shells' 1.4e-5 of it.
#[test]
fn ref_decodable_share() {
    let kr4 = ReedSolomon::new(Code::KR4).decodable_share();
    let mut choose = 1.0;
    for i in 0..7 {
        choose *= (528 - i) as f64 / (i + 1) as f64;
    }
    let last_shell = choose * (1023.0f64 / 1024.0).powi(7) / 1024.0f64.powi(7);
    assert!((kr4 / last_shell - 1.0).abs() < 1e-4, "{kr4}");
    assert!((1.8e-6..1.9e-6).contains(&kr4), "{kr4}");
    assert!(ReedSolomon::new(Code::KP4).decodable_share() < 1e-16);
    assert!(ReedSolomon::new(Code::KP4).decodable_share() > 4e-17);
}

#[test]
fn wrong_lengths_and_symbols_are_refused() {
    let code = ReedSolomon::new(Code::KP4);
    let length = CodeError::Length {
        expected: 514,
        found: 3,
    };
    assert_eq!(code.encode(&[1, 2, 3]), Err(length));
    let mut word = vec![0; 544];
    word[9] = 1024;
    let symbol = CodeError::Symbol { at: 9, found: 1024 };
    assert_eq!(code.decode(&mut word), Err(symbol));
    assert!(code.is_codeword(&[]).is_err());
}

/// Syndromes of errors at hand-picked places: the ends of the word and its message's border.
#[test]
fn errors_at_the_ends_are_found() {
    for code in [ReedSolomon::new(Code::KP4), ReedSolomon::new(Code::KR4)] {
        let sent = code.encode(&vec![0; code.code().k()]).unwrap();
        for places in [
            vec![0],
            vec![code.code().n() - 1],
            vec![0, code.code().k() - 1, code.code().k(), code.code().n() - 1],
        ] {
            let mut word = sent.clone();
            for &at in &places {
                word[at] = 1023;
            }
            let decoded = code.decode(&mut word).unwrap();
            assert_eq!(decoded, Decoded::Corrected(places.len()));
            assert_eq!(word, sent);
        }
    }
}
