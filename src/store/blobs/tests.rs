use super::*;

fn store() -> (tempfile::TempDir, Blobs) {
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::open(&folder.path().join("blobs")).unwrap();
    (folder, blobs)
}

fn temporaries(blobs: &Blobs) -> usize {
    std::fs::read_dir(blobs.temporaries()).unwrap().count()
}

#[test]
fn bytes_come_back_and_storing_them_twice_is_storing_them_once() {
    let (_folder, blobs) = store();
    let long: Vec<u8> = (0..200_000u32).map(|i| (i * 7) as u8).collect();
    for bytes in [&b""[..], b"x", &long] {
        let first = blobs.put(bytes).unwrap();
        assert_eq!(first.digest, Digest::of(bytes));
        assert_eq!(
            (first.length, first.outcome),
            (bytes.len() as u64, Outcome::New)
        );
        assert_eq!(blobs.put(bytes).unwrap().outcome, Outcome::Known);
        assert_eq!(blobs.read(first.digest).unwrap(), bytes);
        assert_eq!(blobs.verify(first.digest).unwrap(), bytes.len() as u64);
    }
    assert_eq!(temporaries(&blobs), 0);
}

#[test]
fn damaged_bytes_are_never_handed_out_and_are_moved_aside_by_the_right_ones() {
    let (_folder, blobs) = store();
    let stored = blobs.put(b"samples").unwrap();
    let path = blobs.path(stored.digest);
    std::fs::write(&path, b"sampler").unwrap();
    for error in [
        blobs.read(stored.digest).unwrap_err(),
        blobs.verify(stored.digest).unwrap_err(),
    ] {
        match error {
            StoreError::BlobDamaged {
                expected, found, ..
            } => {
                assert_eq!((expected, found), (stored.digest, Digest::of(b"sampler")));
            }
            other => panic!("{other}"),
        }
    }
    match blobs.put(b"samples").unwrap().outcome {
        Outcome::Replaced(aside) => assert_eq!(std::fs::read(aside).unwrap(), b"sampler"),
        other => panic!("{other:?}"),
    }
    assert_eq!(blobs.read(stored.digest).unwrap(), b"samples");
}

#[test]
fn a_blob_that_is_not_there_is_its_own_error() {
    let (_folder, blobs) = store();
    let digest = Digest::of(b"never stored");
    assert!(matches!(blobs.read(digest), Err(StoreError::NoBlob { .. })));
    assert!(matches!(
        blobs.verify(digest),
        Err(StoreError::NoBlob { .. })
    ));
}

/// Fails after its first bytes.
struct Breaks(usize);

impl Read for Breaks {
    fn read(&mut self, block: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let n = self.0.min(block.len());
        self.0 -= n;
        Ok(n)
    }
}

#[test]
fn a_source_that_breaks_leaves_nothing() {
    let (_folder, blobs) = store();
    assert!(matches!(
        blobs.put_reader(Breaks(100_000)),
        Err(StoreError::Io { .. })
    ));
    assert_eq!(temporaries(&blobs), 0);
    assert_eq!(
        std::fs::read_dir(&blobs.folder).unwrap().count(),
        1,
        "only tmp"
    );
}

#[test]
fn the_temporaries_of_the_dead_are_removed_and_those_of_the_living_are_not() {
    let (_folder, blobs) = store();
    std::fs::write(blobs.temporaries().join("1-0"), b"half a capt").unwrap();
    let living = Temporary::create(&blobs.temporaries()).unwrap();
    Blobs::open(&blobs.folder).unwrap();
    assert_eq!(temporaries(&blobs), 1);
    assert!(living.path.exists());
}

#[test]
fn many_writers_of_the_same_bytes_agree() {
    let (_folder, blobs) = store();
    let digest = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    // Opening removes orphans: it must not take the others' temporaries for such.
                    let blobs = Blobs::open(&blobs.folder).unwrap();
                    (0..20u8)
                        .map(|i| blobs.put(&[i; 1000]).unwrap().digest)
                        .max()
                })
            })
            .collect();
        let digests: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
        assert!(digests.windows(2).all(|pair| pair[0] == pair[1]));
        digests[0].unwrap()
    });
    assert_eq!(blobs.verify(digest).unwrap(), 1000);
    assert_eq!(temporaries(&blobs), 0);
}
