//! How text becomes terms: words as the model cuts them, and their stems in one language.

use model::search::{Word, words};
use std::{fmt, str::FromStr};
use tantivy::tokenizer::{self, Stemmer, TextAnalyzer, Token, TokenStream, Tokenizer};

/// Grows when words are cut or stemmed otherwise: an index of another analyzer is made anew.
const GENERATION: u32 = 1;

/// The name of the tokenizer of words as they are.
pub(crate) const WORDS: &str = "words";
/// The name of the tokenizer of stems.
pub(crate) const STEMS: &str = "stems";

/// Whose grammar makes one word of its forms: `drum` of `drums`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Language(Option<tokenizer::Language>);

/// Not the name of a language we have a stemmer for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be none or one of {}", LANGUAGES.map(|(name, _)| name).join(", "))]
pub struct UnknownLanguage;

/// The languages by name.
const LANGUAGES: [(&str, tokenizer::Language); 18] = {
    use tokenizer::Language as L;
    [
        ("arabic", L::Arabic),
        ("danish", L::Danish),
        ("dutch", L::Dutch),
        ("english", L::English),
        ("finnish", L::Finnish),
        ("french", L::French),
        ("german", L::German),
        ("greek", L::Greek),
        ("hungarian", L::Hungarian),
        ("italian", L::Italian),
        ("norwegian", L::Norwegian),
        ("portuguese", L::Portuguese),
        ("romanian", L::Romanian),
        ("russian", L::Russian),
        ("spanish", L::Spanish),
        ("swedish", L::Swedish),
        ("tamil", L::Tamil),
        ("turkish", L::Turkish),
    ]
};

impl Language {
    /// No grammar: words are found as they are.
    pub const NONE: Self = Self(None);
    /// English.
    pub const ENGLISH: Self = Self(Some(tokenizer::Language::English));
}

impl Default for Language {
    fn default() -> Self {
        Self::ENGLISH
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        if text == "none" {
            return Ok(Self::NONE);
        }
        let known = LANGUAGES.iter().find(|(name, _)| *name == text);
        known.map(|(_, language)| Self(Some(*language))).ok_or(UnknownLanguage)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = LANGUAGES.iter().find(|(_, language)| Some(*language) == self.0);
        f.write_str(named.map_or("none", |(name, _)| name))
    }
}

/// Cuts text into terms.
#[derive(Clone)]
pub(crate) struct Analyzer {
    language: Language,
    stems: Option<TextAnalyzer>,
}

impl Analyzer {
    pub(crate) fn new(language: Language) -> Self {
        let stems = language
            .0
            .map(|language| TextAnalyzer::builder(Words::default()).filter(Stemmer::new(language)).build());
        Self { language, stems }
    }

    /// What an index must have been made with.
    pub(crate) fn name(&self) -> String {
        format!("{GENERATION}-{}", self.language)
    }

    /// The analyzer of words, and the one of stems: without a grammar it gives nothing.
    pub(crate) fn analyzers(&self) -> [(&'static str, TextAnalyzer); 2] {
        let nothing = || TextAnalyzer::from(Words { silent: true, ..Words::default() });
        let stems = self.stems.clone().unwrap_or_else(nothing);
        [(WORDS, TextAnalyzer::from(Words::default())), (STEMS, stems)]
    }

    /// The stem of each word of a text; without a grammar there are none.
    pub(crate) fn stems(&self, text: &str) -> Vec<String> {
        let Some(mut analyzer) = self.stems.clone() else { return Vec::new() };
        let (mut stream, mut stems) = (analyzer.token_stream(text), Vec::new());
        while stream.advance() {
            stems.push(stream.token().text.clone());
        }
        stems
    }
}

/// The model's words as tantivy's tokens.
#[derive(Clone, Default)]
struct Words {
    /// It has nothing to say.
    silent: bool,
    token: Token,
}

struct WordStream<'a> {
    words: Box<dyn Iterator<Item = Word> + 'a>,
    token: &'a mut Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;
    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        let words = words(if self.silent { "" } else { text });
        WordStream { words: Box::new(words), token: &mut self.token }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.position = self.token.position.wrapping_add(1);
        (self.token.offset_from, self.token.offset_to) = (word.range.start, word.range.end);
        self.token.text = word.text;
        true
    }
    fn token(&self) -> &Token {
        self.token
    }
    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}
