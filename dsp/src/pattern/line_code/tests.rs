use super::*;
use crate::signals::Noise;

/// Random blocks whose headers are right but for the numbered ones, after `first` loose bits.
fn stream(blocks: usize, first: usize, wrong: &[usize]) -> Vec<u8> {
    let mut noise = Noise::new(7);
    let mut bits: Vec<u8> = (0..first).map(|_| noise.symbol(2)).collect();
    for block in 0..blocks {
        let header = noise.symbol(2);
        let second = if wrong.contains(&block) {
            header
        } else {
            1 - header
        };
        bits.extend([header, second]);
        bits.extend((0..64).map(|_| noise.symbol(2)));
    }
    bits
}

#[test]
fn headers_are_found_and_wrong_ones_counted() {
    for (first, wrong) in [
        (0, vec![]),
        (17, vec![]),
        (65, vec![3, 200]),
        (1, vec![0, 1, 2]),
    ] {
        let check = check_64b66b(&stream(500, first, &wrong)).expect("long enough");
        assert_eq!(check.first_bit, first as u64);
        assert_eq!(check.blocks, 500);
        assert_eq!(check.bad_sync_headers, wrong.len() as u64);
    }
}

/// Without framing the best of 66 positions still has about half of its headers wrong: of 1000
/// coin tosses fewer than 400 come up with a probability of 1e-10.
#[test]
fn random_bits_have_no_framing() {
    let mut noise = Noise::new(1);
    let bits: Vec<u8> = (0..66_000).map(|_| noise.symbol(2)).collect();
    let check = check_64b66b(&bits).expect("long enough");
    assert!(check.bad_sync_headers > 400, "{check:?}");
}

#[test]
fn a_stream_shorter_than_two_blocks_is_not_judged() {
    assert_eq!(check_64b66b(&[0; 131]), None);
}
