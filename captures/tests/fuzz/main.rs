//! Any bytes whatever: no panic, no hang, no memory beyond what is in the file, for everything
//! that this crate reads. A fixed sample here; hours of it by `captures/fuzz/campaign.sh`, whose
//! record is in `docs/validation`.

mod campaign;
mod damage;
mod judge;
mod lies;
#[path = "../made/mod.rs"]
mod made;
#[path = "../otdr_sor/made.rs"]
#[allow(dead_code)] // its own tests use the rest
mod otdr_made;
mod regress;
mod seeds;
mod swell;
mod targets;

use peak_alloc::PeakAlloc;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts every byte that the process holds.
#[global_allocator]
static METER: PeakAlloc = PeakAlloc;

/// The meter counts for the whole process: one input is judged at a time.
fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Programs of damage that are the same in every run (Knuth's MMIX constants).
fn program(number: u64) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut byte = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let steps = 1 + usize::from(byte() % 4);
    (0..2 + 8 * steps).map(|_| byte()).collect()
}

#[test]
fn prop_a_fixed_sample_of_damage_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for target in &targets::TARGETS {
        let seeds = seeds::of(target);
        let (mut read, mut refused) = (0, 0);
        for number in 0..600 {
            let damaged = damage::damage(&seeds, &program(number));
            match judge::judge(target, folder.path(), &damaged).read {
                true => read += 1,
                false => refused += 1,
            }
        }
        assert!(
            read > 0 && (refused > 0 || target.name == "raw"),
            "{}: {read} {refused}",
            target.name
        );
    }
}
