//! Bytes of the fields in versions 0.1 to 5.

/// Fields of one channel.
#[derive(Clone, Copy, Debug)]
pub(super) struct Channel {
    pub(super) on: usize,
    pub(super) volts: usize,
    pub(super) offset: usize,
}

/// Where the fields of a version lie.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    pub(super) name: &'static str,
    /// Value of the first word, where there is a version field.
    pub(super) number: Option<u32>,
    pub(super) channels: [Option<Channel>; 8],
    pub(super) time_div: usize,
    pub(super) time_delay: usize,
    pub(super) points: usize,
    pub(super) rate: usize,
    /// First of the probe factors.
    pub(super) probes: Option<usize>,
    /// Byte that says whether samples have two bytes.
    pub(super) width: Option<usize>,
    /// Byte order, divisions across, first of the codes per division.
    pub(super) extended: Option<[usize; 3]>,
    pub(super) data: Data,
    /// Bytes of a header that has all these fields.
    pub(super) header: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Data {
    At(u64),
    /// The header tells it, in the word at this byte.
    ToldAt(usize),
}

const fn four(channels: [[usize; 3]; 4]) -> [Option<Channel>; 8] {
    let mut all = [None; 8];
    let mut i = 0;
    while i < 4 {
        let [on, volts, offset] = channels[i];
        all[i] = Some(Channel { on, volts, offset });
        i += 1;
    }
    all
}

/// Channels whose fields lie in arrays of words and of values of `width` bytes.
const fn arrays(bases: &[[usize; 3]], width: usize) -> [Option<Channel>; 8] {
    let mut all = [None; 8];
    let mut i = 0;
    while i < 4 * bases.len() {
        let [on, volts, offset] = bases[i / 4];
        let k = i % 4;
        all[i] = Some(Channel {
            on: on + 4 * k,
            volts: volts + width * k,
            offset: offset + width * k,
        });
        i += 1;
    }
    all
}

const BARE: Version = Version {
    name: "",
    number: None,
    channels: [None; 8],
    time_div: 0,
    time_delay: 0,
    points: 0,
    rate: 0,
    probes: None,
    width: None,
    extended: None,
    data: Data::At(0x800),
    header: 0x800,
};

/// Newest first: a version field is the stronger sign.
const VERSIONS: [Version; 7] = [
    Version {
        name: "5",
        number: Some(5),
        channels: four([
            [0x76, 0xab, 0xbc],
            [0xf0, 0x160, 0x170],
            [0x194, 0x204, 0x214],
            [0x238, 0x2a8, 0x2b8],
        ]),
        time_div: 0x1b68,
        time_delay: 0x1b78,
        points: 0x1b88,
        rate: 0x1b92,
        header: 0x1ba2,
        ..BARE
    },
    Version {
        name: "4",
        number: Some(4),
        channels: arrays(&[[0x08, 0x18, 0xb8], [0x404, 0x414, 0x4b4]], 40),
        time_div: 0x19c,
        time_delay: 0x1c4,
        points: 0x1ec,
        rate: 0x1f0,
        probes: Some(0x244),
        width: Some(0x264),
        extended: Some([0x265, 0x26c, 0x270]),
        data: Data::ToldAt(4),
        header: 0x800,
    },
    Version {
        name: "3",
        number: Some(3),
        channels: arrays(&[[0x04, 0x14, 0xb4]], 40),
        time_div: 0x198,
        time_delay: 0x1c0,
        points: 0x1e8,
        rate: 0x1ec,
        probes: Some(0x240),
        width: Some(0x260),
        extended: Some([0x261, 0x268, 0x26c]),
        ..BARE
    },
    Version {
        name: "2",
        number: Some(2),
        channels: arrays(&[[0x04, 0x14, 0xb4]], 40),
        time_div: 0x198,
        time_delay: 0x1c0,
        points: 0x1e8,
        rate: 0x1ec,
        probes: Some(0x240),
        width: Some(0x260),
        ..BARE
    },
    Version {
        name: "1",
        channels: arrays(&[[0x00, 0x10, 0x50]], 16),
        time_div: 0xd4,
        time_delay: 0xe4,
        points: 0xf4,
        rate: 0xf8,
        ..BARE
    },
    Version {
        name: "0.2",
        channels: four([
            [0x44, 0xb4, 0xc4],
            [0xe8, 0x158, 0x168],
            [0x18c, 0x1fc, 0x20c],
            [0x230, 0x2a0, 0x2b0],
        ]),
        time_div: 0xdb8,
        time_delay: 0xdc8,
        points: 0xdd8,
        rate: 0xddc,
        data: Data::At(0x932c),
        header: 0xdec,
        ..BARE
    },
    Version {
        name: "0.1",
        channels: four([
            [0x44, 0x90, 0xa0],
            [0xc0, 0x10c, 0x11c],
            [0x13c, 0x188, 0x198],
            [0x1b8, 0x204, 0x214],
        ]),
        time_div: 0xa84,
        time_delay: 0xa94,
        points: 0xaa4,
        rate: 0xaa8,
        data: Data::At(0x8a60),
        header: 0xab8,
        ..BARE
    },
];

/// Finds the version whose fields make sense at their bytes.
pub(super) fn detect(head: &[u8]) -> Option<Version> {
    VERSIONS.into_iter().find(|version| fits(version, head))
}

fn word(head: &[u8], at: usize) -> Option<u32> {
    let part = head.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*part))
}

fn fits(version: &Version, head: &[u8]) -> bool {
    if version.number.is_some() && word(head, 0) != version.number {
        return false;
    }
    let mut on = 0;
    for channel in version.channels.iter().flatten() {
        match word(head, channel.on) {
            Some(0) => {}
            Some(1) if value_fits(head, channel.volts) => on += 1,
            _ => return false,
        }
    }
    // Version 5 keeps its times beyond the bytes that a probe sees.
    let beyond = version.header > crate::registry::HEAD_BYTES;
    on > 0 && (beyond || value_fits(head, version.time_div) && value_fits(head, version.rate))
}

/// A positive number with one of the 17 powers of a thousand.
fn value_fits(head: &[u8], at: usize) -> bool {
    let Some(bytes) = head.get(at..).and_then(|part| part.first_chunk::<8>()) else {
        return false;
    };
    let value = f64::from_le_bytes(*bytes);
    // Denormal numbers and enormous ones are other bytes read as numbers.
    (1e-30..1e30).contains(&value) && word(head, at + 8).is_some_and(|power| power <= 16)
}
