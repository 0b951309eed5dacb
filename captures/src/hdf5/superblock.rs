//! The superblock: widths of addresses and lengths, end of the file, root group.

use super::{File, checksum};
use crate::Error;
use crate::bytes::Bytes;

/// First bytes of a superblock.
pub(crate) const SIGNATURE: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
/// User blocks are 0, 512, 1024, ... bytes long; one beyond this is none of a capture.
const LAST_PLACE: u64 = 1 << 20;

/// Finds the superblock in a file's first bytes: at 0, or behind a user block.
pub(crate) fn signature_place(head: &[u8]) -> Option<usize> {
    let places = std::iter::once(0).chain((9..).map(|k| 1 << k));
    let mut within = places.take_while(|&place| place + SIGNATURE.len() <= head.len());
    within.find(|&place| head[place..].starts_with(SIGNATURE))
}

fn find(bytes: &Bytes) -> Result<Option<u64>, Error> {
    let mut place = 0;
    while place <= LAST_PLACE && place + 8 <= bytes.len() {
        let mut head = [0; 8];
        bytes
            .read_exact_at(place, &mut head)
            .map_err(|e| bytes.io_error(e))?;
        if head == *SIGNATURE {
            return Ok(Some(place));
        }
        place = (2 * place).max(512);
    }
    Ok(None)
}

/// Fills in what the superblock says.
pub(super) fn read(file: &mut File) -> Result<(), Error> {
    const FIELD: &str = "superblock";
    let Some(place) = find(&file.bytes)? else {
        let expected = "`\\x89HDF\\r\\n\\x1a\\n` at byte 0, 512, 1024, ...";
        return Err(file.malformed(0, "signature of superblock", expected, "none"));
    };
    let head = file.block(FIELD, place, 16)?;
    let mut fields = file.fields(FIELD, &head);
    fields.skip(8)?;
    let version = fields.version(&[0, 1, 2, 3])?;
    let (widths_at, fixed) = match version {
        0 => (13, 24),
        1 => (13, 28),
        _ => (9, 12),
    };
    let widths = [head.bytes[widths_at], head.bytes[widths_at + 1]].map(usize::from);
    if widths.iter().any(|width| !matches!(width, 4 | 8)) {
        let found = format!("{} and {}", widths[0], widths[1]);
        let (field, expected) = ("widths of addresses and lengths", "4 or 8 bytes");
        return Err(file.malformed(head.place(widths_at), field, expected, found));
    }
    [file.address_width, file.length_width] = widths;
    let old = version < 2;
    // Four addresses; then the old kind has a link to the root group, the new one a checksum.
    let length = fixed + 4 * widths[0] + if old { 2 * widths[0] } else { 4 };
    let whole = file.block(FIELD, place, length as u64)?;
    if !old {
        checksum::verify(file, FIELD, &whole)?;
    }
    let mut fields = file.fields(FIELD, &whole);
    fields.skip(fixed)?;
    let base = fields.number(widths[0])?;
    // Free space or the extension.
    fields.skip(widths[0])?;
    let end = fields.number(widths[0])?;
    // A file with something laid before it later has a base that is not where it is: the place
    // of the superblock is what counts, and everything moves with it.
    let end = end.saturating_sub(base).saturating_add(place);
    if end > file.bytes.len() {
        return Err(file.malformed(
            file.bytes.len(),
            "end of the file",
            format!("a file of {end} bytes"),
            format!("a file of {} bytes", file.bytes.len()),
        ));
    }
    let mut fields = file.fields(FIELD, &whole);
    fields.skip(fixed + if old { 5 } else { 3 } * widths[0])?;
    let field = "address of the root group";
    let root_place = fields.place();
    let root = fields.number(widths[0])?;
    let Some(root) = place.checked_add(root).filter(|root| *root < end) else {
        let expected = format!("below {end}, the end of the file");
        return Err(file.malformed(root_place, field, expected, root.to_string()));
    };
    file.base = place;
    file.root = root;
    Ok(())
}
