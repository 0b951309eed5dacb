//! Streams of random numbers: one seed, one independent stream for each impairment.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

/// What a stream is used for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    Symbols,
    Phase,
    Reflections,
    Intensity,
    Noise,
    Converter,
    // New ones come last: the place of a stream is part of what a seed means.
    LowFrequencyIntensity,
    Jitter,
    Scattering,
    Scrambling,
}

/// Returns the stream of a seed: the generator jumped ahead by 2^128 numbers a stream, so that
/// no two streams meet.
pub(super) fn stream(seed: u64, stream: Stream) -> Xoshiro256PlusPlus {
    let mut generator = Xoshiro256PlusPlus::seed_from_u64(seed);
    for _ in 0..stream as usize {
        generator.jump();
    }
    generator
}

/// Returns a stream of one of several paths: 2^192 numbers apart, further than all streams of a
/// seed together.
pub(super) fn path_stream(seed: u64, kind: Stream, path: usize) -> Xoshiro256PlusPlus {
    let mut generator = stream(seed, kind);
    for _ in 0..path {
        generator.long_jump();
    }
    generator
}
