//! A grid of cells as a small PNG in memory, for an SVG to carry.
//!
//! PNG (ISO/IEC 15948) with colour type 3 (palette), 8 bits a pixel, no filter, and a zlib
//! stream (RFC 1950) of stored blocks (RFC 1951, 3.2.4): nothing is compressed, because a grid
//! of cells has some ten thousand of them and the page around it is larger. Full pictures go
//! through the encoder of the bitmap backend instead.

use super::scene::Cells;

/// Encodes the cells, one pixel each; `None` when there are none or the grid contradicts
/// itself.
pub(crate) fn indexed_png(cells: &Cells) -> Option<Vec<u8>> {
    let (columns, rows) = (
        u32::try_from(cells.columns).ok()?,
        u32::try_from(cells.rows).ok()?,
    );
    let colors = cells.palette.len();
    if columns == 0
        || rows == 0
        || colors == 0
        || colors > 256
        || cells.indices.len() != cells.columns * cells.rows
    {
        return None;
    }
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = Vec::with_capacity(13);
    header.extend(columns.to_be_bytes());
    header.extend(rows.to_be_bytes());
    header.extend([8, 3, 0, 0, 0]);
    chunk(&mut png, b"IHDR", &header);
    let palette: Vec<u8> = cells
        .palette
        .iter()
        .flat_map(|&(r, g, b)| [r, g, b])
        .collect();
    chunk(&mut png, b"PLTE", &palette);
    // Every row starts with its filter: 0, none.
    let lines: Vec<u8> = cells
        .indices
        .chunks(cells.columns)
        .flat_map(|row| std::iter::once(0).chain(row.iter().map(|i| (*i).min((colors - 1) as u8))))
        .collect();
    chunk(&mut png, b"IDAT", &stored_zlib(&lines));
    chunk(&mut png, b"IEND", &[]);
    Some(png)
}

fn chunk(png: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    png.extend((data.len() as u32).to_be_bytes());
    let start = png.len();
    png.extend(kind);
    png.extend(data);
    let sum = crc32(&png[start..]);
    png.extend(sum.to_be_bytes());
}

fn stored_zlib(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let blocks = data.chunks(0xffff);
    let last = blocks.len().saturating_sub(1);
    for (i, block) in blocks.enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(i == last));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler32(data).to_be_bytes());
    out
}

fn adler32(data: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for &byte in data {
        a = (a + u32::from(byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    (b << 16) | a
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |c, _| {
            if c & 1 == 1 {
                (c >> 1) ^ 0xedb8_8320
            } else {
                c >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ref_checksums_are_those_of_their_standards() {
        // Check values of CRC-32 (ISO-HDLC) and the Adler-32 of RFC 1950.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn an_impossible_grid_gives_nothing() {
        let cells = Cells {
            columns: 2,
            rows: 2,
            indices: vec![0; 3],
            palette: vec![(0, 0, 0)],
        };
        assert_eq!(indexed_png(&cells), None);
        let empty = Cells {
            columns: 0,
            rows: 0,
            indices: vec![],
            palette: vec![(0, 0, 0)],
        };
        assert_eq!(indexed_png(&empty), None);
    }

    #[test]
    fn a_grid_has_the_chunks_and_the_stored_length() {
        let cells = Cells {
            columns: 300,
            rows: 400,
            indices: vec![1; 120_000],
            palette: vec![(0, 0, 0), (9, 8, 7)],
        };
        let png = indexed_png(&cells).unwrap();
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
        assert_eq!(&png[12..16], b"IHDR");
        assert_eq!(png[16..24], [0, 0, 1, 44, 0, 0, 1, 144]);
        assert_eq!(&png[png.len() - 8..png.len() - 4], b"IEND");
        // 301 bytes a row, two blocks of 5 bytes, 6 bytes of zlib, chunks of 12 bytes each.
        assert_eq!(
            png.len(),
            8 + (12 + 13) + (12 + 6) + (12 + 6 + 400 * 301 + 2 * 5) + 12
        );
    }
}
