//! HDF5 files by the published format, in two styles: as libraries write by default (superblock 0,
//! symbol tables, headers of version 1), and the newer one (superblock 2, link messages, headers
//! of version 2 with checksums).

mod chunks;
mod scopes;

pub use scopes::*;

/// What an element is.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Bytes and sign.
    Integer(u32, bool),
    Float(u32),
    Text(u32),
    /// `real` and `imag` of this kind of float.
    Complex(u32),
}

impl Kind {
    pub fn size(self) -> u32 {
        match self {
            Self::Integer(size, _) | Self::Float(size) | Self::Text(size) => size,
            Self::Complex(size) => 2 * size,
        }
    }

    fn message(self) -> Vec<u8> {
        let (class, bits, rest) = match self {
            Self::Integer(size, signed) => {
                let precision = 8 * size as u16;
                let rest = [[0; 2], precision.to_le_bytes()].concat();
                (0x10, [if signed { 8 } else { 0 }, 0, 0], rest)
            }
            Self::Float(4) => {
                let rest = vec![0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
                (0x11, [0x20, 31, 0], rest)
            }
            Self::Float(_) => {
                let rest = vec![0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3, 0, 0];
                (0x11, [0x20, 63, 0], rest)
            }
            Self::Text(_) => (0x13, [0, 0, 0], Vec::new()),
            Self::Complex(size) => {
                let mut rest = Vec::new();
                for (name, offset) in [("real\0\0\0\0", 0), ("imag\0\0\0\0", size)] {
                    rest.extend(name.as_bytes());
                    rest.extend(offset.to_le_bytes());
                    rest.extend([0; 28]);
                    rest.extend(Self::Float(size).message());
                }
                (0x16, [2, 0, 0], rest)
            }
        };
        let mut out = vec![class];
        out.extend(bits);
        out.extend(self.size().to_le_bytes());
        out.extend(rest);
        out
    }
}

/// How a dataset is laid out.
#[derive(Clone, Debug)]
pub enum Layout {
    Contiguous,
    Compact,
    Chunked {
        chunk: Vec<u64>,
        filters: Vec<Filter>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Filter {
    Deflate,
    Shuffle,
    Fletcher32,
}

#[derive(Clone)]
pub struct Data {
    pub shape: Vec<u64>,
    pub kind: Kind,
    pub layout: Layout,
    pub bytes: Vec<u8>,
}

/// A value of an attribute.
#[derive(Clone)]
pub enum Value {
    Number(f64),
    Int(i32),
    Text(&'static str),
}

/// A group or a dataset.
#[derive(Clone, Default)]
pub struct Object {
    pub attributes: Vec<(&'static str, Value)>,
    pub children: Vec<(String, Object)>,
    pub data: Option<Data>,
}

impl Object {
    pub fn group(children: Vec<(&str, Object)>) -> Self {
        Self {
            children: children
                .into_iter()
                .map(|(name, child)| (name.to_string(), child))
                .collect(),
            ..Self::default()
        }
    }

    pub fn data(shape: &[u64], kind: Kind, bytes: Vec<u8>) -> Self {
        Self {
            data: Some(Data {
                shape: shape.to_vec(),
                kind,
                layout: Layout::Contiguous,
                bytes,
            }),
            ..Self::default()
        }
    }

    pub fn words(values: &[i16]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self::data(&[values.len() as u64], Kind::Integer(2, true), bytes)
    }

    pub fn doubles(shape: &[u64], values: &[f64]) -> Self {
        let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        Self::data(shape, Kind::Float(8), bytes)
    }

    pub fn with(mut self, name: &'static str, value: Value) -> Self {
        self.attributes.push((name, value));
        self
    }

    pub fn laid_out(mut self, layout: Layout) -> Self {
        self.data.as_mut().unwrap().layout = layout;
        self
    }

    pub fn child(mut self, name: &str, child: Object) -> Self {
        self.children.push((name.to_string(), child));
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Style {
    Old,
    New,
}

/// A file: its bytes so far, and where addresses count from.
pub struct Hdf5 {
    pub style: Style,
    user_block: usize,
    bytes: Vec<u8>,
}

/// Makes a file of a root group. `user_block` is 0, or 512 and its doubles.
pub fn hdf5(style: Style, user_block: usize, root: &Object) -> Vec<u8> {
    let head = match style {
        Style::Old => 96,
        Style::New => 48,
    };
    let mut file = Hdf5 {
        style,
        user_block,
        bytes: vec![0; user_block + head],
    };
    let root = file.object(root);
    let end = file.bytes.len() as u64;
    let mut block = b"\x89HDF\r\n\x1a\n".to_vec();
    match style {
        Style::Old => {
            block.extend([0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0, 0, 0, 0, 0]);
            for address in [user_block as u64, u64::MAX, end, u64::MAX, 0, root] {
                block.extend(address.to_le_bytes());
            }
            block.extend([0; 24]);
        }
        Style::New => {
            block.extend([2, 8, 8, 0]);
            for address in [user_block as u64, u64::MAX, end, root] {
                block.extend(address.to_le_bytes());
            }
            block.extend(jenkins(&block).to_le_bytes());
        }
    }
    assert_eq!(block.len(), head);
    file.bytes[user_block..user_block + head].copy_from_slice(&block);
    file.bytes
}

impl Hdf5 {
    /// Adds bytes at a multiple of eight; returns their address.
    fn put(&mut self, block: &[u8]) -> u64 {
        self.bytes.resize(self.bytes.len().next_multiple_of(8), 0);
        let at = self.bytes.len() - self.user_block;
        self.bytes.extend(block);
        at as u64
    }

    fn put_checked(&mut self, mut block: Vec<u8>) -> u64 {
        block.extend(jenkins(&block).to_le_bytes());
        self.put(&block)
    }

    fn object(&mut self, object: &Object) -> u64 {
        let mut messages = Vec::new();
        match &object.data {
            Some(data) => self.data_messages(data, &mut messages),
            None => self.group_messages(object, &mut messages),
        }
        for (name, value) in &object.attributes {
            messages.push((0x0c, self.attribute(name, value)));
        }
        self.header(&messages)
    }

    fn header(&mut self, messages: &[(u8, Vec<u8>)]) -> u64 {
        let mut body = Vec::new();
        for (kind, message) in messages {
            match self.style {
                Style::Old => {
                    let padded = message.len().next_multiple_of(8);
                    body.extend([*kind, 0]);
                    body.extend((padded as u16).to_le_bytes());
                    body.extend([0; 4]);
                    body.extend(message);
                    body.resize(body.len() + padded - message.len(), 0);
                }
                Style::New => {
                    body.push(*kind);
                    body.extend((message.len() as u16).to_le_bytes());
                    body.push(0);
                    body.extend(message);
                }
            }
        }
        let length = body.len() as u32;
        match self.style {
            Style::Old => {
                let mut head = vec![1, 0];
                head.extend((messages.len() as u16).to_le_bytes());
                head.extend(1_u32.to_le_bytes());
                head.extend(length.to_le_bytes());
                head.extend([0; 4]);
                head.extend(body);
                self.put(&head)
            }
            Style::New => {
                let mut head = b"OHDR\x02\x02".to_vec();
                head.extend(length.to_le_bytes());
                head.extend(body);
                self.put_checked(head)
            }
        }
    }

    fn space(&self, shape: &[u64]) -> Vec<u8> {
        let mut out = match self.style {
            Style::Old => vec![1, shape.len() as u8, 0, 0, 0, 0, 0, 0],
            Style::New => vec![2, shape.len() as u8, 0, u8::from(!shape.is_empty())],
        };
        out.extend(shape.iter().flat_map(|n| n.to_le_bytes()));
        out
    }

    fn attribute(&self, name: &str, value: &Value) -> Vec<u8> {
        let (kind, bytes) = match value {
            Value::Number(x) => (Kind::Float(8), x.to_le_bytes().to_vec()),
            Value::Int(x) => (Kind::Integer(4, true), x.to_le_bytes().to_vec()),
            Value::Text(text) => {
                // Padded with zeros, as oscilloscopes do.
                let mut bytes = text.as_bytes().to_vec();
                bytes.resize(bytes.len() + 9, 0);
                (Kind::Text(bytes.len() as u32), bytes)
            }
        };
        let name = [name.as_bytes(), b"\0"].concat();
        let parts = [name, kind.message(), self.space(&[])];
        let mut out = match self.style {
            Style::Old => vec![1, 0],
            Style::New => vec![3, 0],
        };
        for part in &parts {
            out.extend((part.len() as u16).to_le_bytes());
        }
        if self.style == Style::New {
            out.push(0);
        }
        for part in &parts {
            out.extend(part);
            if self.style == Style::Old {
                out.resize(out.len().next_multiple_of(8), 0);
            }
        }
        out.extend(bytes);
        out
    }

    fn group_messages(&mut self, group: &Object, messages: &mut Vec<(u8, Vec<u8>)>) {
        let mut children: Vec<(String, u64)> = group
            .children
            .iter()
            .map(|(name, child)| (name.clone(), self.object(child)))
            .collect();
        children.sort();
        if self.style == Style::New {
            let undefined = u64::MAX.to_le_bytes();
            messages.push((0x02, [&[0, 0][..], &undefined, &undefined].concat()));
            for (name, address) in children {
                let mut link = vec![1, 0, name.len() as u8];
                link.extend(name.as_bytes());
                link.extend(address.to_le_bytes());
                messages.push((0x06, link));
            }
            return;
        }
        let mut names = vec![0; 8];
        let mut entries = Vec::new();
        for (name, address) in &children {
            let mut entry = (names.len() as u64).to_le_bytes().to_vec();
            entry.extend(address.to_le_bytes());
            entry.extend([0; 24]);
            entries.push((names.len() as u64, entry));
            names.extend(name.as_bytes());
            names.resize((names.len() + 1).next_multiple_of(8), 0);
        }
        let names_at = self.put(&names);
        let mut heap = b"HEAP\0\0\0\0".to_vec();
        for word in [names.len() as u64, 1, names_at] {
            heap.extend(word.to_le_bytes());
        }
        let heap = self.put(&heap);
        let leaves: Vec<(u64, u64)> = entries
            .chunks(8)
            .map(|part| {
                let mut node = b"SNOD\x01\0".to_vec();
                node.extend((part.len() as u16).to_le_bytes());
                part.iter().for_each(|(_, entry)| node.extend(entry));
                node.resize(8 + 8 * 40, 0);
                (self.put(&node), part.last().unwrap().0)
            })
            .collect();
        let mut tree = tree_head(0, leaves.len());
        tree.extend(0_u64.to_le_bytes());
        for (address, last) in &leaves {
            tree.extend(address.to_le_bytes());
            tree.extend(last.to_le_bytes());
        }
        tree.resize(24 + 33 * 8 + 32 * 8, 0);
        let tree = self.put(&tree);
        messages.push((0x11, [tree.to_le_bytes(), heap.to_le_bytes()].concat()));
    }

    fn data_messages(&mut self, data: &Data, messages: &mut Vec<(u8, Vec<u8>)>) {
        messages.push((0x01, self.space(&data.shape)));
        messages.push((0x03, data.kind.message()));
        let layout = match &data.layout {
            Layout::Compact => {
                let mut out = vec![3, 0];
                out.extend((data.bytes.len() as u16).to_le_bytes());
                out.extend(&data.bytes);
                out
            }
            Layout::Contiguous => {
                let address = self.put(&data.bytes);
                let length = data.bytes.len() as u64;
                [&[3, 1][..], &address.to_le_bytes(), &length.to_le_bytes()].concat()
            }
            Layout::Chunked { chunk, filters } => {
                if !filters.is_empty() {
                    messages.push((0x0b, self.pipeline(filters, data.kind.size())));
                }
                match self.style {
                    Style::Old => self.chunk_tree(data, chunk, filters),
                    Style::New => self.chunk_array(data, chunk, filters),
                }
            }
        };
        messages.push((0x08, layout));
    }
}

fn tree_head(kind: u8, count: usize) -> Vec<u8> {
    let mut tree = b"TREE".to_vec();
    tree.extend([kind, 0]);
    tree.extend((count as u16).to_le_bytes());
    tree.extend([0xff; 16]);
    tree
}

/// Jenkins' lookup3, as in the format's appendix.
pub fn jenkins(key: &[u8]) -> u32 {
    let word = |part: &[u8]| {
        let mut bytes = [0; 4];
        bytes[..part.len()].copy_from_slice(part);
        u32::from_le_bytes(bytes)
    };
    let start = 0xdead_beef_u32.wrapping_add(key.len() as u32);
    let (mut a, mut b, mut c) = (start, start, start);
    let mut rest = key;
    while rest.len() > 12 {
        a = a.wrapping_add(word(&rest[..4]));
        b = b.wrapping_add(word(&rest[4..8]));
        c = c.wrapping_add(word(&rest[8..12]));
        a = a.wrapping_sub(c) ^ c.rotate_left(4);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(6);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(8);
        b = b.wrapping_add(a);
        a = a.wrapping_sub(c) ^ c.rotate_left(16);
        c = c.wrapping_add(b);
        b = b.wrapping_sub(a) ^ a.rotate_left(19);
        a = a.wrapping_add(c);
        c = c.wrapping_sub(b) ^ b.rotate_left(4);
        b = b.wrapping_add(a);
        rest = &rest[12..];
    }
    if rest.is_empty() {
        return c;
    }
    let (first, second) = rest.split_at(rest.len().min(4));
    let (second, third) = second.split_at(second.len().min(4));
    a = a.wrapping_add(word(first));
    b = b.wrapping_add(word(second));
    c = c.wrapping_add(word(third));
    c = (c ^ b).wrapping_sub(b.rotate_left(14));
    a = (a ^ c).wrapping_sub(c.rotate_left(11));
    b = (b ^ a).wrapping_sub(a.rotate_left(25));
    c = (c ^ b).wrapping_sub(b.rotate_left(16));
    a = (a ^ c).wrapping_sub(c.rotate_left(4));
    b = (b ^ a).wrapping_sub(a.rotate_left(14));
    (c ^ b).wrapping_sub(b.rotate_left(24))
}
