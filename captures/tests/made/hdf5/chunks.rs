//! Chunks: filters, and the indexes of both styles.

use super::{Data, Filter, Hdf5, Style, jenkins, tree_head};
use std::io::Write;

impl Hdf5 {
    pub(super) fn pipeline(&self, filters: &[Filter], width: u32) -> Vec<u8> {
        let mut out = match self.style {
            Style::Old => vec![1, filters.len() as u8, 0, 0, 0, 0, 0, 0],
            Style::New => vec![2, filters.len() as u8],
        };
        for filter in filters {
            let (id, values): (u16, Vec<u32>) = match filter {
                Filter::Deflate => (1, vec![6]),
                Filter::Shuffle => (2, vec![width]),
                Filter::Fletcher32 => (3, vec![]),
            };
            out.extend(id.to_le_bytes());
            if self.style == Style::Old {
                out.extend([0, 0]);
            }
            out.extend([0, 0]);
            out.extend((values.len() as u16).to_le_bytes());
            out.extend(values.iter().flat_map(|x| x.to_le_bytes()));
            if self.style == Style::Old && values.len() % 2 == 1 {
                out.extend([0; 4]);
            }
        }
        out
    }

    /// Writes all chunks; returns their first elements, sizes and addresses.
    fn chunks(
        &mut self,
        data: &Data,
        chunk: &[u64],
        filters: &[Filter],
    ) -> Vec<(Vec<u64>, u32, u64)> {
        let width = data.kind.size() as usize;
        // One axis or two; a single one is a row.
        let (shape, cut) = match (&data.shape[..], chunk) {
            ([n], [c]) => ([1, *n], [1, *c]),
            ([a, b], [c, d]) => ([*a, *b], [*c, *d]),
            _ => panic!("one axis or two"),
        };
        let mut out = Vec::new();
        for row in (0..shape[0]).step_by(cut[0] as usize) {
            for column in (0..shape[1]).step_by(cut[1] as usize) {
                let mut bytes = Vec::new();
                for r in row..row + cut[0] {
                    for c in column..column + cut[1] {
                        let at = (r * shape[1] + c) as usize * width;
                        match r < shape[0] && c < shape[1] {
                            true => bytes.extend(&data.bytes[at..at + width]),
                            false => bytes.extend(vec![0xaa; width]),
                        }
                    }
                }
                for filter in filters {
                    bytes = pack(*filter, bytes, width);
                }
                let first = match chunk.len() {
                    1 => vec![column],
                    _ => vec![row, column],
                };
                let address = self.put(&bytes);
                out.push((first, bytes.len() as u32, address));
            }
        }
        out
    }

    /// Layout of version 3 with a B-tree of one level.
    pub(super) fn chunk_tree(&mut self, data: &Data, chunk: &[u64], filters: &[Filter]) -> Vec<u8> {
        let chunks = self.chunks(data, chunk, filters);
        let mut tree = tree_head(1, chunks.len());
        for (first, size, address) in &chunks {
            tree.extend(size.to_le_bytes());
            tree.extend([0; 4]);
            tree.extend(first.iter().flat_map(|n| n.to_le_bytes()));
            tree.extend([0; 8]);
            tree.extend(address.to_le_bytes());
        }
        tree.extend([0; 8]);
        let ends = data.shape.iter().zip(chunk);
        tree.extend(ends.flat_map(|(n, c)| n.next_multiple_of(*c).to_le_bytes()));
        tree.extend([0; 8]);
        let key = 8 * (data.shape.len() + 2);
        tree.resize(tree.len().max(24 + 65 * key + 64 * 8), 0);
        let tree = self.put(&tree);
        let mut out = vec![3, 2, chunk.len() as u8 + 1];
        out.extend(tree.to_le_bytes());
        let all = chunk.iter().map(|&n| n as u32).chain([data.kind.size()]);
        out.extend(all.flat_map(u32::to_le_bytes));
        out
    }

    /// Layout of version 4: a single chunk, or a fixed array (in pages of four).
    pub(super) fn chunk_array(
        &mut self,
        data: &Data,
        chunk: &[u64],
        filters: &[Filter],
    ) -> Vec<u8> {
        let chunks = self.chunks(data, chunk, filters);
        let packed = !filters.is_empty();
        let single = chunks.len() == 1;
        let flags = if single && packed { 2 } else { 0 };
        // The narrowest width that holds the largest length.
        let all: Vec<u64> = chunk
            .iter()
            .copied()
            .chain([data.kind.size().into()])
            .collect();
        let width = (u64::BITS - all.iter().max().unwrap().leading_zeros()).div_ceil(8) as u8;
        let mut out = vec![4, 2, flags, chunk.len() as u8 + 1, width];
        for length in &all {
            out.extend(&length.to_le_bytes()[..usize::from(width)]);
        }
        if single {
            out.push(1);
            if packed {
                out.extend(u64::from(chunks[0].1).to_le_bytes());
                out.extend([0; 4]);
            }
            out.extend(chunks[0].2.to_le_bytes());
            return out;
        }
        const PAGE_BITS: u8 = 2;
        // Sizes are as wide as one twice that of a bare chunk needs, and a byte wider.
        let bare: u64 = all.iter().product();
        let size_width = 1 + (bare.ilog2() as usize + 8) / 8;
        let each = if packed { 12 + size_width } else { 8 };
        let entries: Vec<Vec<u8>> = chunks
            .iter()
            .map(|(_, size, address)| {
                let mut entry = address.to_le_bytes().to_vec();
                if packed {
                    entry.extend(&u64::from(*size).to_le_bytes()[..size_width]);
                    entry.extend([0; 4]);
                }
                entry
            })
            .collect();
        let mut block = b"FADB\0".to_vec();
        block.push(u8::from(packed));
        // The header comes behind; its length is known.
        let pages = entries.chunks(1 << PAGE_BITS);
        let map = vec![0xff_u8; pages.len().div_ceil(8)];
        let paged = entries.len() > 1 << PAGE_BITS;
        let length =
            14 + if paged {
                map.len() + 4 + 4 * pages.len()
            } else {
                4
            } + entries.len() * each;
        let header = (self.bytes.len().next_multiple_of(8) + length).next_multiple_of(8);
        block.extend(((header - self.user_block) as u64).to_le_bytes());
        if paged {
            block.extend(map);
            block.extend(jenkins(&block).to_le_bytes());
            for page in pages {
                let mut page = page.concat();
                page.extend(jenkins(&page).to_le_bytes());
                block.extend(page);
            }
        } else {
            block.extend(entries.concat());
            block.extend(jenkins(&block).to_le_bytes());
        }
        assert_eq!(block.len(), length);
        let block = self.put(&block);
        let mut head = b"FAHD\0".to_vec();
        head.extend([u8::from(packed), each as u8, PAGE_BITS]);
        head.extend((entries.len() as u64).to_le_bytes());
        head.extend(block.to_le_bytes());
        let head = self.put_checked(head);
        assert_eq!(head as usize, header - self.user_block);
        out.extend([3, PAGE_BITS]);
        out.extend(head.to_le_bytes());
        out
    }
}

fn pack(filter: Filter, bytes: Vec<u8>, width: usize) -> Vec<u8> {
    match filter {
        Filter::Deflate => crate::made::mat::deflate(&bytes),
        Filter::Shuffle => {
            let plane = |k| bytes.iter().skip(k).step_by(width).copied();
            (0..width).flat_map(plane).collect()
        }
        Filter::Fletcher32 => {
            let mut sums = [0_u32; 2];
            for pair in bytes.chunks(2) {
                let word = u32::from(pair[0]) * 256 + pair.get(1).map_or(0, |&b| u32::from(b));
                // The sums stay from 1 to 65535 once they have left zero.
                let step = |sum: u32, add: u32| match sum + add {
                    0 => 0,
                    all => (all - 1) % 65_535 + 1,
                };
                sums[0] = step(sums[0], word);
                sums[1] = step(sums[1], sums[0]);
            }
            let mut out = bytes;
            out.write_all(&(sums[1] << 16 | sums[0]).to_le_bytes())
                .unwrap();
            out
        }
    }
}
