//! Headers that announce enormous contents must not make us allocate them. Alone in its file:
//! the figure belongs to the whole process.

mod made;

use etalon_captures::{OpenOptions, decode};

/// Largest address space that the process ever had, in bytes (Linux).
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}

#[test]
fn headers_that_announce_terabytes_allocate_nothing_of_the_kind() {
    let Some(before) = peak() else {
        println!("left out: this system does not tell its peak address space");
        return;
    };
    let mut refused = 0;
    for (_, bytes) in made::gallery() {
        // Every aligned and unaligned word of the headers in turn says 2^31 - 1 or 2^32 - 1.
        for at in 0..bytes.len().min(1000) - 4 {
            for word in [
                [0xff, 0xff, 0xff, 0x7f],
                [0xff; 4],
                [0x7f, 0xff, 0xff, 0xff],
            ] {
                let mut lying = bytes.clone();
                lying[at..at + 4].copy_from_slice(&word);
                refused += usize::from(decode(lying, &OpenOptions::default()).is_err());
            }
        }
    }
    let digits = "9".repeat(18);
    for shape in [
        format!("({digits},)"),
        format!("(2, {digits})"),
        "(4000000000,)".into(),
    ] {
        let lying = made::npy(2, "<f8", false, &shape, &[0; 64]);
        assert!(decode(lying, &OpenOptions::default()).is_err());
    }
    assert!(refused > 100, "{refused}");
    let grown = peak().unwrap_or(u64::MAX) - before;
    // The smallest of the announced sizes is 2 GiB; allocator arenas are 64 MiB each.
    assert!(grown < 512 << 20, "{grown} bytes");
}
