//! What the parsers take and refuse.

use super::*;

#[test]
fn names_are_trimmed_composed_and_bounded() {
    assert_eq!(ProjectName::parse("  Cafe\u{301} ").map(|n| n.to_string()), Ok("Café".to_owned()));
    assert_eq!(ProjectName::parse("   ").unwrap_err().code, "too_short");
    assert_eq!(ProjectName::parse(&"x".repeat(121)).unwrap_err().code, "too_long");
    assert_eq!(ProjectName::parse("a\u{7}b").unwrap_err().code, "control_character");
}

#[test]
fn e_mail_addresses() {
    for good in ["ada@example.org", "Ada.L+band@sub.example.co", "ada@localhost", "jörg@müller.example"] {
        assert!(Email::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "ada",
        "@example.org",
        "ada@",
        "a b@example.org",
        "ada@-x.org",
        "ada@exa mple.org",
        "ada@example.org\r\nBcc: x@y.z",
    ] {
        assert!(Email::parse(bad).is_err(), "{bad}");
    }
    assert_eq!(Email::parse(" Ada@Example.ORG ").unwrap().as_str(), "ada@example.org");
}

#[test]
fn file_names_lose_their_folders() {
    assert_eq!(FileName::parse("C:\\music\\take 1.wav").unwrap().as_str(), "take 1.wav");
    assert_eq!(FileName::parse("../../etc/passwd").unwrap().as_str(), "passwd");
    assert!(FileName::parse("music/").is_err());
}

#[test]
fn handles_are_made_from_names() {
    let propose = |name: &str, n| Handle::propose(&PersonName::parse(name).unwrap(), n).to_string();
    assert_eq!(propose("Ada Lovelace", 0), "ada-lovelace");
    assert_eq!(propose("José", 2), "jose-2");
    assert_eq!(propose("李", 0), "musician");
    assert_eq!(propose("All", 0), "all-1");
    assert_eq!(Handle::parse("editors").unwrap_err().code, "reserved");
}

#[test]
fn time_signatures_and_colors() {
    assert_eq!(TimeSignature::parse(" 7/8 ").unwrap().as_str(), "7/8");
    assert!(TimeSignature::parse("4/3").is_err());
    assert!(TimeSignature::parse("0/4").is_err());
    assert_eq!(Color::parse("#E8B84B").unwrap().as_str(), "#e8b84b");
    assert!(Color::parse("red").is_err());
}
