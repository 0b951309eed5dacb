//! What a journal needs of a file, so that a test can take it away.

use std::fmt::Debug;
use std::fs::File;
use std::io;

/// The end of a file.
pub(super) trait Medium: Debug + Send {
    /// Appends all bytes; after an error any number of them may be there.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Puts what was written on the disk.
    fn flush(&mut self) -> io::Result<()>;
    /// Cuts the file to this length and puts that on the disk.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Medium for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(self, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.sync_all()
    }
}
