use sha2::{Digest, Sha256};

use super::*;

fn digits(symbols: &[u8]) -> String {
    symbols
        .iter()
        .map(|&symbol| char::from(b'0' + symbol))
        .collect()
}

fn sha256(symbols: &[u8]) -> String {
    Sha256::digest(digits(symbols))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn counts(symbols: &[u8]) -> [usize; 4] {
    let mut counts = [0; 4];
    for &symbol in symbols {
        counts[usize::from(symbol)] += 1;
    }
    counts
}

/// The lexicographically smallest rotation, by comparing candidates pairwise (two pointers).
fn smallest_rotation(symbols: &[u8]) -> Vec<u8> {
    let n = symbols.len();
    let (mut i, mut j, mut k) = (0, 1, 0);
    while i < n && j < n && k < n {
        let (a, b) = (symbols[(i + k) % n], symbols[(j + k) % n]);
        if a == b {
            k += 1;
            continue;
        }
        if a > b {
            i += k + 1;
        } else {
            j += k + 1;
        }
        if i == j {
            j += 1;
        }
        k = 0;
    }
    let start = i.min(j);
    [&symbols[start..], &symbols[..start]].concat()
}

/// Longest run of each level, going round the end of the period.
fn longest_runs(symbols: &[u8]) -> [usize; 4] {
    let mut longest = [0; 4];
    let mut run = 0;
    let mut last = u8::MAX;
    for &symbol in symbols.iter().chain(symbols) {
        run = if symbol == last { run + 1 } else { 1 };
        last = symbol;
        longest[usize::from(symbol)] = longest[usize::from(symbol)].max(run);
    }
    longest
}

/// Acceptance row 1: the hash was checked against a public reference file of PRBS13Q (any
/// rotation of it has the same smallest rotation).
#[test]
fn ref_prbs13q_has_the_published_hash_and_counts() {
    let symbols = PatternName::PrbsQ(13).symbols(8191);
    assert_eq!(counts(&symbols), [2047, 2048, 2048, 2048]);
    assert_eq!(
        digits(&symbols[..40]),
        "1321322022021113022220021323231233012122"
    );
    let smallest = smallest_rotation(&symbols);
    assert_eq!(
        digits(&smallest[..40]),
        "0000002132130330332221030003032131311012"
    );
    assert_eq!(
        sha256(&smallest),
        "60518779b32da0d5e9720bf910d8780d1e4b60be60ab28f4c107557a84a188d0"
    );
}

/// Acceptance row 2: as row 1, for SSPRQ from the start of its sequence A.
#[test]
fn ref_ssprq_has_the_published_hash_and_counts() {
    let symbols = PatternName::Ssprq.symbols(65_535);
    assert_eq!(counts(&symbols), [15_215, 17_553, 17_552, 15_215]);
    assert_eq!(
        digits(&symbols[..64]),
        "2222222222222132222222222221221222222222213213222222222122222122"
    );
    assert_eq!(
        digits(&symbols[65_535 - 32..]),
        "11010112023021010131221211130131"
    );
    assert_eq!(
        sha256(&symbols),
        "c5887d491a913be31d4d05649f03e7bc43665400dcc31d71345f272d72a12f91"
    );
    assert_eq!(
        sha256(&smallest_rotation(&symbols)),
        "7956f46c783de67557f55b896ae94d5dfddd4bd55afeda8bdcdab6f92b20c2f2"
    );
    assert_eq!(longest_runs(&symbols), [14, 15, 15, 14]);
}

#[test]
fn ref_prbs31q_starts_as_published() {
    let start = PatternName::PrbsQ(31).symbols(48);
    assert_eq!(
        digits(&start),
        "222222222222220122222222222200022222222222012012"
    );
    let plain: Vec<u8> = Lfsr::new(&[28, 31], (1 << 31) - 1).take(96).collect();
    assert_eq!(
        digits(&bits_to_symbols(&plain, Modulation::Pam4)),
        "000000000000002300000000000022200000000000230230"
    );
    // `prbs31` is inverted too, bit for bit.
    let inverted: Vec<u8> = plain.iter().map(|bit| 1 - bit).collect();
    assert_eq!(PatternName::Prbs(31).symbols(96), inverted);
}

/// A sequence of maximal length meets every state but zero once in a period: 2^(n-1) ones,
/// one zero fewer, and no shorter period.
#[test]
fn ref_short_prbs_have_full_period_and_balance() {
    for order in [7u32, 9, 11, 13, 15] {
        let name = PatternName::Prbs(order);
        let period = name.period_symbols() as usize;
        assert_eq!(period, (1 << order) - 1);
        let bits = name.symbols(2 * period);
        assert_eq!(
            bits[..period],
            bits[period..],
            "prbs{order} does not repeat"
        );
        assert_eq!(
            bits[..period].iter().filter(|&&bit| bit == 1).count(),
            1 << (order - 1)
        );
        let mut seen = vec![false; 1 << order];
        for start in 0..period {
            let state = bits[start..start + order as usize]
                .iter()
                .fold(0, |word, &bit| (word << 1) | usize::from(bit));
            assert!(
                !std::mem::replace(&mut seen[state], true),
                "prbs{order} meets {state} twice"
            );
        }
        assert!(!seen[0], "prbs{order} meets the state of zeros");
    }
}

/// The order-20 register is small enough to walk, too: the state of ones comes back after
/// exactly 2^20 - 1 bits, not before.
#[test]
fn ref_prbs20_has_full_period() {
    let bits = PatternName::Prbs(20).symbols((1 << 20) - 1 + 20);
    let mut run = 20;
    let returns: Vec<usize> = (0..bits.len())
        .filter(|&i| {
            run = if bits[i] == 1 { run + 1 } else { 0 };
            run >= 20
        })
        .collect();
    assert_eq!(
        returns,
        [(1 << 20) - 2],
        "the state of ones must return once"
    );
}

/// Multiplies polynomials over GF(2) modulo `x^order + low`, to square-and-multiply powers of x.
fn times(a: u64, b: u64, order: u32, low: u64) -> u64 {
    let mut product = 0u64;
    let mut a = a;
    for i in 0..order {
        if (b >> i) & 1 == 1 {
            product ^= a;
        }
        let carry = (a >> (order - 1)) & 1;
        a = (a << 1) & ((1 << order) - 1);
        if carry == 1 {
            a ^= low;
        }
    }
    product
}

fn power_of_x(exponent: u64, order: u32, low: u64) -> u64 {
    let (mut result, mut base, mut exponent) = (1u64, 2u64, exponent);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base, order, low);
        }
        base = times(base, base, order, low);
        exponent >>= 1;
    }
    result
}

/// A register has full period when x has multiplicative order 2^n - 1 modulo its polynomial:
/// the power 2^n - 1 is one and no (2^n - 1) / p is, for its prime factors p.
#[test]
fn ref_all_polynomials_are_primitive() {
    let factors: [(u32, &[u64]); 8] = [
        (7, &[127]),
        (9, &[7, 73]),
        (11, &[23, 89]),
        (13, &[8191]),
        (15, &[7, 31, 151]),
        (20, &[3, 5, 11, 31, 41]),
        (23, &[47, 178_481]),
        (31, &[2_147_483_647]),
    ];
    assert_eq!(factors.map(|(order, _)| order), PatternName::ORDERS);
    for (order, primes) in factors {
        let taps = PatternName::Prbs(order).taps().unwrap();
        assert!(taps.contains(&order));
        // x^n = sum of x^(n-t): the characteristic polynomial without its leading term.
        let low = taps
            .iter()
            .fold(0u64, |word, tap| word | 1 << (order - tap));
        let period = (1u64 << order) - 1;
        assert_eq!(power_of_x(period, order, low), 1, "order {order}");
        for prime in primes {
            assert_eq!(period % prime, 0);
            assert_ne!(
                power_of_x(period / prime, order, low),
                1,
                "order {order} / {prime}"
            );
        }
    }
}

#[test]
fn names_go_to_text_and_back() {
    for order in PatternName::ORDERS {
        for name in [
            PatternName::Prbs(order),
            PatternName::PrbsQ(order),
            PatternName::Ssprq,
        ] {
            assert_eq!(name.to_string().parse(), Ok(name));
            let json = serde_json::to_string(&name).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<PatternName>(&json).unwrap(), name);
        }
    }
    assert_eq!("PRBS13Q".parse(), Ok(PatternName::PrbsQ(13)));
    for bad in [
        "", "prbs", "prbs8", "prbs07", "prbs+7", "prbsq", "prbs13qq", "ssprq2", "q13",
    ] {
        assert_eq!(
            bad.parse::<PatternName>(),
            Err(PatternNameError {
                found: bad.to_owned()
            })
        );
    }
}

#[test]
fn an_order_without_polynomial_gives_no_symbols() {
    assert_eq!(PatternName::Prbs(8).taps(), None);
    assert_eq!(PatternName::Prbs(8).period_symbols(), 0);
    assert!(PatternName::PrbsQ(200).symbols(10).is_empty());
}

#[test]
fn symbols_before_the_start_are_the_end_of_the_period() {
    for order in [7, 9, 11, 13, 15] {
        for name in [
            PatternName::Prbs(order),
            PatternName::PrbsQ(order),
            PatternName::Ssprq,
        ] {
            let period = name.symbols(name.period_symbols() as usize);
            let twice = [&period[..], &period[..]].concat();
            for n in [0, 1, 100, period.len(), period.len() + 17] {
                assert_eq!(
                    name.symbols_before(n),
                    twice[twice.len() - n..],
                    "{name} {n}"
                );
            }
        }
    }
}

/// Too long to walk: the symbols before the start, followed by those from the start, must obey
/// the register's recurrence everywhere.
#[test]
fn long_patterns_run_on_across_their_start() {
    for order in [20, 23, 31] {
        let name = PatternName::Prbs(order);
        let bits = [name.symbols_before(500), name.symbols(500)].concat();
        let inversion = u8::from(order == 31);
        for i in order as usize..bits.len() {
            let sum = name
                .taps()
                .unwrap()
                .iter()
                .fold(0, |sum, &tap| sum ^ bits[i - tap as usize] ^ inversion);
            assert_eq!(bits[i] ^ inversion, sum, "{name} at {i}");
        }
        let pairs = bits_to_symbols(&bits, Modulation::Pam4);
        assert_eq!(pairs[..250], PatternName::PrbsQ(order).symbols_before(250));
    }
}

proptest::proptest! {
    #[test]
    fn prop_bits_and_symbols_are_inverse(bits in proptest::collection::vec(0u8..2, 0..200)) {
        let symbols = bits_to_symbols(&bits, Modulation::Pam4);
        let back = symbols_to_bits(&symbols, Modulation::Pam4);
        proptest::prop_assert_eq!(&back[..], &bits[..bits.len() / 2 * 2]);
        let nrz = bits_to_symbols(&bits, Modulation::Nrz);
        proptest::prop_assert_eq!(symbols_to_bits(&nrz, Modulation::Nrz), bits);
    }

    #[test]
    fn prop_neighbouring_levels_differ_in_one_bit(level in 0u8..3) {
        let (a, b) = (gray_decode(level), gray_decode(level + 1));
        proptest::prop_assert_eq!((a.0 ^ b.0) + (a.1 ^ b.1), 1);
        proptest::prop_assert_eq!(gray_encode(a.0, a.1), level);
    }

    #[test]
    fn prop_longer_requests_begin_with_shorter_ones(n in 0usize..70_000) {
        for name in [PatternName::Ssprq, PatternName::PrbsQ(7), PatternName::Prbs(9)] {
            let long = name.symbols(70_000);
            proptest::prop_assert_eq!(&name.symbols(n)[..], &long[..n]);
            let period = name.period_symbols() as usize;
            proptest::prop_assert_eq!(&long[period..], &long[..70_000 - period]);
        }
    }
}

#[test]
fn symbols_from_anywhere_are_a_rotation_of_the_period() {
    for text in ["prbs7", "prbs9q", "ssprq"] {
        let name: PatternName = text.parse().unwrap();
        let period = name.period_symbols() as usize;
        let twice: String = name
            .symbols(2 * period)
            .iter()
            .map(|s| char::from(b'0' + s))
            .collect();
        for start in [0, 5, u64::MAX] {
            let some: String = name
                .symbols_from(start, period)
                .iter()
                .map(|s| char::from(b'0' + s))
                .collect();
            assert!(twice.contains(&some), "{text} from {start}");
            let before: Vec<u8> = name.symbols_before_from(start, 40);
            let around = [before, name.symbols_from(start, 40)].concat();
            let joined: String = around.iter().map(|s| char::from(b'0' + s)).collect();
            assert!(twice.contains(&joined), "{text} before {start}");
        }
    }
}
