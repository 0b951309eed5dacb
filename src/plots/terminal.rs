//! The eye and the reflectogram in a terminal, without colour.
//!
//! In Unicode the eye is drawn with the shade blocks ` ░▒▓█`, which every monospaced font has (the
//! finer braille cells are missing in many, and then nothing stands above anything); in ASCII with
//! ten characters from light to dark. Every line fits the given columns.

mod eye;
mod reflectogram;

pub use eye::terminal_eye;
pub use reflectogram::terminal_reflectogram;

/// Which characters may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Shade blocks and box drawing.
    Unicode,
    /// Nothing beyond `~`.
    Ascii,
}

/// Fewest columns and rows that anything is drawn in.
const SMALLEST: (usize, usize) = (24, 5);

/// A grid of characters.
struct Screen {
    columns: usize,
    cells: Vec<char>,
}

impl Screen {
    fn new(columns: usize, rows: usize) -> Self {
        Self {
            columns,
            cells: vec![' '; columns * rows],
        }
    }

    fn put(&mut self, column: usize, row: usize, c: char) {
        if column < self.columns
            && let Some(cell) = self.cells.get_mut(row * self.columns + column)
        {
            *cell = c;
        }
    }

    /// Writes a text from a column on; what does not fit is cut.
    fn write(&mut self, column: usize, row: usize, text: &str) {
        for (i, c) in text.chars().enumerate() {
            self.put(column + i, row, c);
        }
    }

    fn lines(self) -> Vec<String> {
        self.cells
            .chunks(self.columns)
            .map(|row| row.iter().collect::<String>().trim_end().to_owned())
            .collect()
    }
}

/// First column, end of the columns, and number of rows of the drawing.
type Area = (usize, usize, usize);

fn frame(screen: &mut Screen, charset: Charset, (left, right, bottom): Area) {
    let (up, corner, across) = match charset {
        Charset::Unicode => ('│', '└', '─'),
        Charset::Ascii => ('|', '+', '-'),
    };
    for row in 0..bottom {
        screen.put(left - 1, row, up);
    }
    screen.put(left - 1, bottom, corner);
    for column in left..right {
        screen.put(column, bottom, across);
    }
}
