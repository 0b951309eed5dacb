//! Damage by a program: bytes that say which seed is taken and what is done to it.
//!
//! The same bytes always do the same, so that a fuzzer that grows programs by coverage learns,
//! and a finding can be repeated. Eight bytes are a step: what is done, four small choices or a
//! number, and a place.

/// Damaged files do not grow beyond this.
const LONGEST: usize = 256 << 10;
/// Half of all places lie within so many bytes of the beginning.
const HEADER: usize = 1024;
/// Steps of a program; more would leave nothing of the seed.
const STEPS: usize = 12;

/// Numbers at which sizes, counts and signs go wrong.
pub const NUMBERS: [u64; 24] = [
    0,
    1,
    2,
    3,
    8,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    1 << 40,
    1 << 53,
    1 << 62,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX,
    // -2 and -2^31.
    u64::MAX - 1,
    0xffff_ffff_8000_0000,
];

const FLOATS: [f64; 10] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -0.0,
    f64::MAX,
    f64::MIN,
    5e-324,
    1e-320,
    1e300,
    -1.0,
];

const TEXTS: [&str; 20] = [
    "",
    "0",
    "-1",
    "2147483647",
    "2147483648",
    "-2147483648",
    "4294967295",
    "4294967296",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
    "1e308",
    "1e999",
    "-1e-999",
    "1e-320",
    "nan",
    "inf",
    "0x7fffffff",
];

/// Damages one of the seeds as a program says.
pub fn damage(seeds: &[Vec<u8>], program: &[u8]) -> Vec<u8> {
    let (choice, steps) = program.split_at(program.len().min(2));
    let choice = choice.iter().fold(0, |all, &b| all << 8 | usize::from(b));
    let mut file = seeds[choice % seeds.len()].clone();
    for step in steps.as_chunks::<8>().0.iter().take(STEPS) {
        apply(&mut file, seeds, *step);
        file.truncate(LONGEST);
    }
    file
}

fn apply(file: &mut Vec<u8>, seeds: &[Vec<u8>], [what, a, b, c, place @ ..]: [u8; 8]) {
    let place = u32::from_le_bytes(place) as usize;
    let reach = match place & 1 {
        0 => file.len(),
        _ => file.len().min(HEADER),
    };
    let at = (place >> 1) % reach.max(1);
    let (x, y, z) = (usize::from(a), usize::from(b), usize::from(c));
    let end = (at + x * y.max(1)).min(file.len());
    match what % 12 {
        0 => file.truncate(at),
        1 => put(file, at, |old| vec![old[0] ^ (1 << (a % 8))]),
        2 | 3 => {
            let number = NUMBERS[x % NUMBERS.len()];
            let word = ordered(&number.to_le_bytes()[..1 << (y % 4)], c);
            put(file, at, |_| word);
        }
        4 => {
            let number = FLOATS[x % FLOATS.len()];
            let word = match y % 2 {
                0 => ordered(&number.to_le_bytes(), c),
                _ => ordered(&(number as f32).to_le_bytes(), c),
            };
            put(file, at, |_| word);
        }
        // The head of this one, the tail of another.
        5 => {
            let other = &seeds[x % seeds.len()];
            let from = (y << 8 | z) % other.len().max(1);
            file.splice(at.., other[from.min(other.len())..].iter().copied());
        }
        6 => drop(file.splice(at..at, std::iter::repeat_n(c, x * (y % 8 + 1)))),
        7 => drop(file.drain(at..end)),
        8 => replace_number(file, place >> 1, TEXTS[x % TEXTS.len()]),
        // A part again.
        9 => {
            let part = file[at..end].to_vec();
            file.splice(at..at, part);
        }
        10 => put(file, at, |_| vec![a]),
        // A size that is a little wrong.
        _ => put(file, at, |old| match c % 2 {
            0 => old[..old.len().min(2)]
                .iter()
                .rev()
                .map(|&b| b.wrapping_add(a))
                .collect(),
            _ => vec![old[0].wrapping_add(a % 16).wrapping_sub(8)],
        }),
    }
}

/// Writes over what is at a place; what would reach beyond the end is left out.
fn put(file: &mut [u8], at: usize, bytes: impl FnOnce(&[u8]) -> Vec<u8>) {
    if at < file.len() {
        let new = bytes(&file[at..]);
        let room = new.len().min(file.len() - at);
        file[at..at + room].copy_from_slice(&new[..room]);
    }
}

fn ordered(little: &[u8], choice: u8) -> Vec<u8> {
    let mut word = little.to_vec();
    if choice % 2 == 1 {
        word.reverse();
    }
    word
}

/// Puts another number in the place of the `k`-th that is written out in the header.
fn replace_number(file: &mut Vec<u8>, k: usize, text: &str) {
    let part_of_one = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+');
    let head = &file[..file.len().min(4 * HEADER)];
    let mut runs = Vec::new();
    let mut at = 0;
    for run in head.chunk_by(|&a, &b| part_of_one(a) == part_of_one(b)) {
        if part_of_one(run[0]) {
            runs.push(at..at + run.len());
        }
        at += run.len();
    }
    if !runs.is_empty() {
        let run = runs[k % runs.len()].clone();
        file.splice(run, text.bytes());
    }
}

#[test]
fn a_program_does_what_it_says_and_always_the_same() {
    let seeds = [b"points 100, 2.5e-9".to_vec(), vec![7; 32]];
    let run = |program: &[u8]| damage(&seeds, program);
    assert_eq!(run(&[]), seeds[0]);
    assert_eq!(run(&[0, 1]), seeds[1]);
    assert_eq!(run(&[0, 0, 0, 0, 0, 0, 14, 0, 0, 0]), b"points ");
    assert_eq!(
        run(&[0, 0, 8, 11, 0, 0, 0, 0, 0, 0]),
        b"points 18446744073709551615, 2.5e-9"
    );
    // 2^31 as a big-endian word at byte 4 of the other seed.
    let word = run(&[0, 1, 2, 13, 2, 1, 8, 0, 0, 0]);
    assert_eq!(word[..9], [7, 7, 7, 7, 0x80, 0, 0, 0, 7]);
}
