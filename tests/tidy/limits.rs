//! Limits are named once, in one file; a name that nothing uses limits nothing.

use super::{repo::SourceFile, rust_text};
use std::collections::BTreeMap;

const LIMITS: &str = "src/model/limits.rs";

/// The limits that no code names, not even another limit.
pub fn unused(files: &[SourceFile]) -> Vec<String> {
    let mut named: BTreeMap<String, usize> = BTreeMap::new();
    let mut limits: Vec<String> = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let masked = rust_text::mask(&file.text);
        let words: Vec<&str> = rust_text::words(&masked).map(|(_, word)| word).collect();
        for word in &words {
            *named.entry((*word).to_owned()).or_default() += 1;
        }
        if file.path == LIMITS {
            limits.extend(words.windows(2).filter(|pair| pair[0] == "const").map(|pair| pair[1].to_owned()));
        }
    }
    if limits.is_empty() {
        return vec![format!("{LIMITS}: no limit was found: the rule looked at nothing")];
    }
    let idle = limits.iter().filter(|limit| named.get(*limit) == Some(&1));
    idle.map(|limit| format!("{LIMITS}: nothing uses {limit}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_limit_that_limits_nothing() {
        let limits =
            SourceFile::sample(LIMITS, "pub const USED: u8 = 1;\n/// IDLE\npub const IDLE: u8 = USED;\n");
        let user = SourceFile::sample("src/a.rs", "// IDLE\nf(limits::OTHER)");
        assert_eq!(unused(&[limits, user]), ["src/model/limits.rs: nothing uses IDLE"]);
        assert_eq!(unused(&[]).len(), 1);
    }
}
