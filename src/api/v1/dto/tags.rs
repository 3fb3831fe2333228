//! Tags as people send them: each parsed, repeats dropped, not too many.

use crate::http::body::Checks;
use model::{Violation, Violations, limits, text::Tag};

/// The tags of a request, in the order given.
pub(crate) fn tags(faults: &mut Violations, values: Vec<String>) -> Vec<Tag> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in faults.each("/tags", values, |text| Tag::parse(&text)) {
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > limits::TAGS_MAX {
        let detail = format!("at most {} tags are accepted", limits::TAGS_MAX);
        faults.0.push(Violation::new("/tags", "too_many", detail));
    }
    tags
}

/// Tags as they are shown.
pub(crate) fn shown(tags: &[Tag]) -> Vec<String> {
    tags.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_are_dropped_and_faults_are_pointed_at() {
        let mut faults = Violations::default();
        let sent = ["Jazz", "live", " jazz ", ""].map(str::to_owned).to_vec();
        assert_eq!(shown(&tags(&mut faults, sent)), ["jazz", "live"]);
        assert_eq!(faults.0.len(), 1);
        assert_eq!(faults.0[0].pointer, "/tags/3");
        let many = (0..=limits::TAGS_MAX).map(|n| format!("tag {n}")).collect();
        let mut faults = Violations::default();
        tags(&mut faults, many);
        assert_eq!(faults.0[0].code, "too_many");
    }
}
