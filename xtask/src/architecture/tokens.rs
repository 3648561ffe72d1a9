//! The tokens of a Rust file, as far as paths are concerned, and the paths that it writes.

use std::collections::BTreeSet;

/// A token; literals, lifetimes and comments are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// The separator `::`.
    Separator,
    Sign(char),
}

/// A declaration `use path as name`, or a path written in code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The enclosing inline modules, from the outermost.
    pub(super) within: Vec<String>,
    pub(super) path: Vec<String>,
    /// The name that a `use` introduces; `None` for `*` and for a path in code.
    pub(super) name: Option<String>,
    pub(super) glob: bool,
    /// Whether it is a `pub use` of any visibility.
    pub(super) public: bool,
}

/// The parts of a file that matter for imports.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The declarations `use`.
    pub(super) uses: Vec<Import>,
    /// The paths in code.
    pub(super) paths: Vec<Import>,
    /// The names of items, also of nested ones.
    pub(super) items: BTreeSet<String>,
    /// The inline modules, as paths below the file's own module.
    pub(super) modules: BTreeSet<Vec<String>>,
    /// The modules in files of their own that only tests compile.
    pub(super) test_modules: BTreeSet<String>,
}

/// Cuts a file into tokens.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let (mut tokens, mut i) = (Vec::new(), 0);
    while i < chars.len() {
        match (chars[i], at(i + 1)) {
            ('/', '/') => i += chars[i..].iter().take_while(|&&c| c != '\n').count(),
            ('/', '*') => i = after_block_comment(&chars, i),
            ('"', _) => i = after_string(&chars, i),
            ('\'', '\\') => {
                i += 3;
                i += chars[i.min(chars.len())..].iter().take_while(|&&c| c != '\'').count() + 1;
            }
            ('\'', _) if at(i + 2) == '\'' => i += 3,
            // A lifetime.
            ('\'', _) => i += 1 + word_len(&chars[i + 1..]),
            (':', ':') => {
                tokens.push(Token::Separator);
                i += 2;
            }
            (c, _) if c.is_alphanumeric() || c == '_' => {
                let len = word_len(&chars[i..]);
                let word: String = chars[i..i + len].iter().collect();
                i += len;
                match (word.as_str(), at(i), at(i + 1)) {
                    // The quote is the next token.
                    ("b" | "c", '"', _) => {}
                    ("r" | "br" | "cr", '"', _) | ("r" | "br" | "cr", '#', '"' | '#') => {
                        i = after_raw_string(&chars, i);
                    }
                    // A raw identifier.
                    ("r", '#', _) => i += 1,
                    _ => tokens.push(Token::Word(word)),
                }
            }
            (c, _) => {
                if !c.is_whitespace() {
                    tokens.push(Token::Sign(c));
                }
                i += 1;
            }
        }
    }
    tokens
}

fn word_len(chars: &[char]) -> usize {
    chars.iter().take_while(|&&c| c.is_alphanumeric() || c == '_').count()
}

fn after_block_comment(chars: &[char], start: usize) -> usize {
    let (mut depth, mut i) = (0, start);
    while i < chars.len() {
        match (chars[i], chars.get(i + 1)) {
            ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
            ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            break;
        }
    }
    i
}

fn after_string(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while i < chars.len() && chars[i] != '"' {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

fn after_raw_string(chars: &[char], start: usize) -> usize {
    let hashes = chars[start..].iter().take_while(|&&c| c == '#').count();
    let mut i = start + hashes + 1;
    while i < chars.len() {
        let closes = chars[i] == '"' && chars[i + 1..].iter().take(hashes).all(|&c| c == '#');
        i += 1;
        if closes {
            return i + hashes;
        }
    }
    i
}

/// Reads a file's outline.
pub(super) fn outline(text: &str) -> Outline {
    let mut reader =
        Reader { tokens: tokens(text), at: 0, outline: Outline::default(), within: Vec::new() };
    while reader.at < reader.tokens.len() {
        reader.step();
    }
    reader.outline
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    outline: Outline,
    /// The inline modules that are open, each with the number of braces open within it.
    within: Vec<(String, usize)>,
}

impl Reader {
    fn word(&self, offset: usize) -> Option<&str> {
        match self.tokens.get(self.at + offset) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn is(&self, offset: usize, sign: char) -> bool {
        self.tokens.get(self.at + offset) == Some(&Token::Sign(sign))
    }

    fn names(&self) -> Vec<String> {
        self.within.iter().map(|(name, _)| name.clone()).collect()
    }

    fn step(&mut self) {
        match &self.tokens[self.at] {
            Token::Sign('#') if self.is_test_attribute() => self.skip_test_item(),
            Token::Sign('{') => {
                if let Some((_, depth)) = self.within.last_mut() {
                    *depth += 1;
                }
                self.at += 1;
            }
            Token::Sign('}') => {
                if let Some((_, depth)) = self.within.last_mut() {
                    *depth -= 1;
                    if *depth == 0 {
                        self.within.pop();
                    }
                }
                self.at += 1;
            }
            Token::Word(word) if word == "use" => {
                let public = self.is_public();
                self.at += 1;
                self.tree(&[], public);
            }
            Token::Word(word) if word == "mod" && self.is(2, '{') => {
                let name = self.word(1).unwrap_or_default().to_owned();
                self.within.push((name, 1));
                let names = self.names();
                self.outline.modules.insert(names);
                self.at += 3;
            }
            Token::Word(word) if defines(word) && self.word(1).is_some() => {
                let name = self.word(1).unwrap_or_default().to_owned();
                self.outline.items.insert(name);
                self.at += 1;
            }
            Token::Word(word) if word == "macro_rules" => {
                let name = self.word(2).unwrap_or_default().to_owned();
                self.outline.items.insert(name);
                self.at += 3;
            }
            Token::Word(_) => self.path(),
            _ => self.at += 1,
        }
    }

    /// Returns whether `pub`, `pub(crate)` or the like precedes the current token.
    fn is_public(&self) -> bool {
        let before = &self.tokens[..self.at];
        match before.last() {
            Some(Token::Word(word)) => word == "pub",
            Some(Token::Sign(')')) => {
                let open = before.iter().rposition(|token| *token == Token::Sign('('));
                let before = open.and_then(|open| before[..open].last());
                before == Some(&Token::Word("pub".into()))
            }
            _ => false,
        }
    }

    /// Returns whether `#[cfg(test)]` or `#[cfg(doctest)]` is next.
    fn is_test_attribute(&self) -> bool {
        self.is(1, '[')
            && self.word(2) == Some("cfg")
            && self.is(3, '(')
            && matches!(self.word(4), Some("test" | "doctest"))
            && self.is(5, ')')
            && self.is(6, ']')
    }

    /// Skips the item that the attribute belongs to.
    fn skip_test_item(&mut self) {
        self.at += 7;
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match &self.tokens[self.at] {
                Token::Word(word) if word == "mod" && depth == 0 && self.is(2, ';') => {
                    let name = self.word(1).unwrap_or_default().to_owned();
                    self.outline.test_modules.insert(name);
                }
                Token::Sign('{' | '(' | '[') => depth += 1,
                Token::Sign(sign @ ('}' | ')' | ']')) => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && *sign == '}' {
                        self.at += 1;
                        // A `use` with braces still has its semicolon.
                        self.at += usize::from(self.is(0, ';'));
                        return;
                    }
                }
                Token::Sign(';') if depth == 0 => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Reads a tree of `use` below `prefix`, up to its `,`, `}` or `;`.
    fn tree(&mut self, prefix: &[String], public: bool) {
        let mut path = prefix.to_vec();
        while self.at < self.tokens.len() {
            match self.tokens[self.at].clone() {
                Token::Word(word) if word == "as" => {
                    let name = self.word(1).map(str::to_owned);
                    self.at += 2;
                    self.import(path, name, false, public);
                    return;
                }
                Token::Word(word) => path.push(word),
                Token::Sign('*') => {
                    self.at += 1;
                    self.import(path, None, true, public);
                    return;
                }
                Token::Sign('{') => {
                    self.at += 1;
                    while self.at < self.tokens.len() && !self.is(0, '}') {
                        if self.is(0, ',') {
                            self.at += 1;
                        } else {
                            self.tree(&path, public);
                        }
                    }
                    self.at += 1;
                    return;
                }
                Token::Sign(_) => break,
                Token::Separator => {}
            }
            self.at += 1;
        }
        let name = path.last().cloned();
        self.import(path, name, false, public);
    }

    fn import(&mut self, mut path: Vec<String>, name: Option<String>, glob: bool, public: bool) {
        let mut name = name;
        // `use a::b::{self}` imports `b`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
            if name.as_deref() == Some("self") {
                name = path.last().cloned();
            }
        }
        let within = self.names();
        self.outline.uses.push(Import { within, path, name, glob, public });
    }

    /// Reads a path of two words or more.
    fn path(&mut self) {
        let continues = self.at > 0 && self.tokens[self.at - 1] == Token::Separator;
        // `pub(in crate::a)` restricts, it does not use.
        let restricts = self.at > 1
            && self.tokens[self.at - 1] == Token::Word("in".into())
            && self.tokens[self.at - 2] == Token::Sign('(');
        let mut path = Vec::new();
        while let Some(word) = self.word(0) {
            path.push(word.to_owned());
            self.at += 1;
            if self.tokens.get(self.at) != Some(&Token::Separator) || self.word(1).is_none() {
                break;
            }
            self.at += 1;
        }
        if path.len() > 1 && !continues && !restricts {
            let within = self.names();
            let import = Import { within, path, name: None, glob: false, public: false };
            self.outline.paths.push(import);
        }
    }
}

fn defines(keyword: &str) -> bool {
    ["struct", "enum", "union", "trait", "type", "fn", "const", "static"].contains(&keyword)
}
