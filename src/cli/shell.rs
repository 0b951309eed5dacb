//! Words of a command line that can be typed as they are printed.

/// Quotes a word for a POSIX shell when it needs it: `my file` becomes `'my file'`.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Joins words into a command that a shell reads back as the same words.
pub fn join<S: AsRef<str>>(words: &[S]) -> String {
    words
        .iter()
        .map(|w| quote(w.as_ref()))
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_spaces_and_quotes_can_be_typed() {
        assert_eq!(quote("a/b-1.npy"), "a/b-1.npy");
        assert_eq!(quote("Jul 9.csv"), "'Jul 9.csv'");
        assert_eq!(quote("it's"), r"'it'\''s'");
        assert_eq!(quote(""), "''");
        assert_eq!(join(&["etalon", "info", "a b"]), "etalon info 'a b'");
    }
}
