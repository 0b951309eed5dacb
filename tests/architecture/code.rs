//! Rust source as tokens and paths: just enough of the language to see what a file uses, without
//! taking a word in a comment or a string for code.

/// A word, a lifetime (`'a`), a literal (`"`) or a single punctuation character.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// A path such as `std::fs::File`, with `use` trees unfolded; a glob ends with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathUse {
    pub segments: Vec<String>,
    pub line: usize,
}

impl PathUse {
    pub fn starts_with(&self, path: &str) -> bool {
        let mut found = self.segments.iter();
        path.split("::")
            .all(|wanted| found.next().is_some_and(|s| s == wanted))
    }
}

/// All tokens of a file, without those of items under `#[cfg(test)]`.
pub fn product_tokens(text: &str) -> Vec<Token> {
    without_tests(tokens(text))
}

pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut line) = (0, 1);
    let mut found = Vec::new();
    while at < chars.len() {
        let (end, text) = lex(&chars, at);
        if let Some(text) = text {
            found.push(Token { text, line });
        }
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    found
}

/// Returns where the lexeme at `at` ends, and its token if it is code.
fn lex(chars: &[char], at: usize) -> (usize, Option<String>) {
    let look = |ahead: usize| chars.get(at + ahead).copied().unwrap_or('\0');
    let literal = || Some("\"".to_owned());
    match chars[at] {
        '/' if look(1) == '/' => (find(chars, at, |c| c == '\n'), None),
        '/' if look(1) == '*' => (block_comment(chars, at), None),
        '"' => (quoted(chars, at), literal()),
        '\'' if look(1) == '\\' || look(2) == '\'' => (char_literal(chars, at), literal()),
        '\'' => word(chars, at, at + 1),
        c if c.is_whitespace() => (at + 1, None),
        c if is_word(c) => {
            let end = find(chars, at, |c| !is_word(c));
            let prefix: String = chars[at..end].iter().collect();
            match (prefix.as_str(), chars.get(end)) {
                ("b" | "c", Some('"')) => (quoted(chars, end), literal()),
                ("b", Some('\'')) => (char_literal(chars, end), literal()),
                ("r" | "br" | "cr", Some('"' | '#')) => match raw_string(chars, end) {
                    Some(end) => (end, literal()),
                    None => (end, Some(prefix)),
                },
                _ => (end, Some(prefix)),
            }
        }
        c => (at + 1, Some(c.to_string())),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn find(chars: &[char], from: usize, stop: impl Fn(char) -> bool) -> usize {
    (from..chars.len())
        .find(|&i| stop(chars[i]))
        .unwrap_or(chars.len())
}

fn word(chars: &[char], at: usize, from: usize) -> (usize, Option<String>) {
    let end = find(chars, from, |c| !is_word(c));
    (end, Some(chars[at..end].iter().collect()))
}

fn block_comment(chars: &[char], at: usize) -> usize {
    let (mut depth, mut i) = (0, at);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) if depth == 1 => return i + 2,
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
    }
    i
}

fn quoted(chars: &[char], at: usize) -> usize {
    let mut i = at + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    (i + 1).min(chars.len())
}

fn char_literal(chars: &[char], at: usize) -> usize {
    let first = if chars.get(at + 1) == Some(&'\\') {
        at + 3
    } else {
        at + 2
    };
    (find(chars, first.min(chars.len()), |c| c == '\'') + 1).min(chars.len())
}

/// Ends a raw string whose hashes begin at `at`; `None` when it is a raw identifier.
fn raw_string(chars: &[char], at: usize) -> Option<usize> {
    let open = find(chars, at, |c| c != '#');
    if chars.get(open) != Some(&'"') {
        return None;
    }
    let hashes = open - at;
    let closes = |&i: &usize| {
        chars[i] == '"' && chars[i + 1..].iter().take_while(|c| **c == '#').count() >= hashes
    };
    Some(
        (open + 1..chars.len())
            .find(closes)
            .map_or(chars.len(), |i| i + 1 + hashes),
    )
}

/// True when these token texts follow at `at`.
pub fn follows(tokens: &[Token], at: usize, texts: &[&str]) -> bool {
    tokens.len() >= at + texts.len() && texts.iter().zip(&tokens[at..]).all(|(t, k)| k.text == *t)
}

fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if follows(&tokens, at, &["#", "[", "cfg", "(", "test", ")", "]"]) {
            at = end_of_item(&tokens, at + 7);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Returns where the item at `at` ends: after its body, or after its semicolon.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0;
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" if depth == 1 => return at + 1,
            "}" | ")" | "]" => depth -= 1,
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    at
}

pub fn paths(tokens: &[Token]) -> Vec<PathUse> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `use<'a>` in a bound is not an import.
        let imports = tokens[at].text == "use" && !follows(tokens, at + 1, &["<"]);
        if imports {
            at = use_tree(tokens, at + 1, &[], &mut found);
        } else if tokens[at].text.starts_with(is_word) {
            at = plain_path(tokens, at, &mut found);
        } else {
            at += 1;
        }
    }
    found
}

fn plain_path(tokens: &[Token], mut at: usize, found: &mut Vec<PathUse>) -> usize {
    let line = tokens[at].line;
    let mut segments = vec![tokens[at].text.clone()];
    at += 1;
    while follows(tokens, at, &[":", ":"])
        && tokens
            .get(at + 2)
            .is_some_and(|t| t.text.starts_with(is_word))
    {
        segments.push(tokens[at + 2].text.clone());
        at += 3;
    }
    found.push(PathUse { segments, line });
    at
}

fn use_tree(tokens: &[Token], mut at: usize, prefix: &[String], found: &mut Vec<PathUse>) -> usize {
    let mut segments = prefix.to_vec();
    let mut grouped = false;
    let line = tokens.get(at).map_or(0, |t| t.line);
    while at < tokens.len() {
        match tokens[at].text.as_str() {
            ":" => at += 1,
            "as" => at += 2,
            "{" => {
                grouped = true;
                at += 1;
                while at < tokens.len() && tokens[at].text != "}" {
                    at = use_tree(tokens, at, &segments, found);
                    at += usize::from(follows(tokens, at, &[","]));
                }
                at += 1;
            }
            ";" | "," | "}" => break,
            segment => {
                segments.push(segment.to_owned());
                at += 1;
            }
        }
    }
    if !grouped {
        found.push(PathUse { segments, line });
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|t| t.text).collect()
    }

    fn all_paths(text: &str) -> Vec<String> {
        paths(&tokens(text))
            .iter()
            .map(|p| p.segments.join("::"))
            .collect()
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        let text = r###"a /* b /* c */ d */ e // f
            "g \" h" b"i" r#"j " k"# 'l' '\'' '\u{41}' b'm' 'n r#fn o"###;
        let expected = [
            "a", "e", "\"", "\"", "\"", "\"", "\"", "\"", "\"", "'n", "r", "#", "fn", "o",
        ];
        assert_eq!(texts(text), expected);
    }

    #[test]
    fn lines_are_counted_through_comments_and_strings() {
        let found = tokens("a\n/* \n */ b \"\n\n\" c");
        let lines: Vec<_> = found.iter().map(|t| (t.text.as_str(), t.line)).collect();
        assert_eq!(lines, [("a", 1), ("b", 3), ("\"", 3), ("c", 5)]);
    }

    #[test]
    fn use_trees_are_unfolded() {
        let found = all_paths("use std::{fs::{self, File as F}, io::*, time};\nuse a::b; c::d(e)");
        let expected = [
            "std::fs::self",
            "std::fs::File",
            "std::io::*",
            "std::time",
            "a::b",
            "c::d",
            "e",
        ];
        assert_eq!(found, expected);
        assert!(!all_paths("fn f() -> impl Sized + use<'a> {}").is_empty());
    }

    #[test]
    fn items_under_cfg_test_are_left_out() {
        let text = "a; #[cfg(test)] #[x(y)] mod t { b { c } } d; #[cfg(test)] mod t; e;
            #[cfg(test)] use f::{g, h}; i;";
        let kept: Vec<String> = product_tokens(text).into_iter().map(|t| t.text).collect();
        assert_eq!(kept.join(" "), "a ; d ; e ; ; i ;");
    }
}
