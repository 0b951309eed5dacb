//! OTDR files written byte by byte.

use etalon_captures::{Otdr, decode_otdr};

/// What a made file says; the rest is fixed.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) second: bool,
    pub(crate) wavelength: u16,
    /// Pulse width, time between points, points.
    pub(crate) pulses: Vec<(u16, u32, u32)>,
    pub(crate) stated: u32,
    /// Scale and points.
    pub(crate) groups: Vec<(u16, Vec<u16>)>,
    pub(crate) numbers: Vec<u16>,
    pub(crate) index: u32,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            second: true,
            wavelength: 15_500,
            pulses: vec![(30, 100_000, 3), (1000, 200_000, 2)],
            stated: 5,
            groups: vec![(1000, vec![0, 1000, 65_535]), (500, vec![2000, 4000])],
            numbers: vec![1, 2, 10],
            index: 150_000,
        }
    }
}

impl Made {
    fn general(&self) -> Vec<u8> {
        let mut b = b"ENcable\0fibre\0".to_vec();
        if self.second {
            b.extend(652_u16.to_le_bytes());
        }
        b.extend(1550_u16.to_le_bytes());
        b.extend(b"here\0there\0\0NC");
        b.extend(1000_i32.to_le_bytes());
        if self.second {
            b.extend([0; 4]);
        }
        b.extend(b"\0 \0");
        b
    }

    fn fixed(&self) -> Vec<u8> {
        let mut b = 1_600_000_000_u32.to_le_bytes().to_vec();
        b.extend(b"mt");
        b.extend(self.wavelength.to_le_bytes());
        b.extend((-200_i32).to_le_bytes());
        if self.second {
            b.extend([0; 4]);
        }
        b.extend((self.pulses.len() as u16).to_le_bytes());
        b.extend(self.pulses.iter().flat_map(|p| p.0.to_le_bytes()));
        b.extend(self.pulses.iter().flat_map(|p| p.1.to_le_bytes()));
        b.extend(self.pulses.iter().flat_map(|p| p.2.to_le_bytes()));
        b.extend(self.index.to_le_bytes());
        b.extend(815_i16.to_le_bytes());
        b.extend(77_u32.to_le_bytes());
        b
    }

    fn events(&self) -> Vec<u8> {
        let mut b = (self.numbers.len() as u16).to_le_bytes().to_vec();
        for &number in &self.numbers {
            b.extend(number.to_le_bytes());
            b.extend((u32::from(number) * 100_000).to_le_bytes());
            b.extend(200_i16.to_le_bytes());
            b.extend((-50_i16).to_le_bytes());
            b.extend((-45_000_i32).to_le_bytes());
            b.extend(b"1A9999LS");
            if self.second {
                b.extend([0; 20]);
            }
            b.extend(b"words\0");
        }
        b.extend(1234_i32.to_le_bytes());
        b.extend([0; 8]);
        b.extend(0_u16.to_le_bytes());
        b.extend([0; 8]);
        b
    }

    fn points(&self) -> Vec<u8> {
        let mut b = self.stated.to_le_bytes().to_vec();
        b.extend((self.groups.len() as u16).to_le_bytes());
        for (scale, points) in &self.groups {
            b.extend((points.len() as u32).to_le_bytes());
            b.extend(scale.to_le_bytes());
            b.extend(points.iter().flat_map(|p| p.to_le_bytes()));
        }
        b
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let blocks = [
            ("GenParams", self.general()),
            ("FxdParams", self.fixed()),
            ("KeyEvents", self.events()),
            ("DataPts", self.points()),
            ("Cksum", vec![0x34, 0x12]),
        ];
        let mut map = Vec::new();
        let mut all = Vec::new();
        for (name, body) in &blocks {
            let mut block = Vec::new();
            if self.second {
                block.extend(name.bytes().chain([0]));
            }
            block.extend(body);
            map.extend(name.bytes().chain([0, 200, 0]));
            map.extend((block.len() as u32).to_le_bytes());
            all.extend(block);
        }
        let (magic, version) = if self.second {
            (&b"Map\0"[..], 200_u16)
        } else {
            (&b""[..], 100)
        };
        let size = magic.len() + 8 + map.len();
        let mut b = magic.to_vec();
        b.extend(version.to_le_bytes());
        b.extend((size as u32).to_le_bytes());
        b.extend((blocks.len() as u16 + 1).to_le_bytes());
        b.extend(map);
        b.extend(all);
        b
    }

    pub(crate) fn read(&self) -> Otdr {
        decode_otdr(&self.bytes()).unwrap()
    }

    pub(crate) fn refused(&self) -> String {
        decode_otdr(&self.bytes()).unwrap_err().to_string()
    }
}
