//! Each memory forgets in time.

use super::{ANSWERS_MAX, Memo};

#[test]
fn an_answer_holds_for_its_generation_alone() {
    let memo = Memo::default();
    memo.keep(3, "who", 1);
    assert_eq!(memo.recall(3, &"who"), Some(1));
    assert_eq!(memo.recall(3, &"what"), None);
    assert_eq!(memo.recall(4, &"who"), None);
    assert_eq!(memo.recall(2, &"who"), None);
}

#[test]
fn what_was_read_before_a_write_is_not_kept_after_it() {
    let memo = Memo::default();
    memo.keep(4, "new", 2);
    memo.keep(3, "old", 1);
    assert_eq!(memo.recall(4, &"old"), None);
    assert_eq!(memo.recall(3, &"old"), None);
    assert_eq!(memo.recall(4, &"new"), Some(2));
    memo.keep(5, "newer", 3);
    assert_eq!(memo.recall(5, &"new"), None);
}

#[test]
fn it_never_grows_beyond_its_bound() {
    let memo = Memo::default();
    for question in 0..=ANSWERS_MAX {
        memo.keep(1, question, ());
    }
    assert_eq!(memo.recall(1, &0), None);
    assert_eq!(memo.recall(1, &ANSWERS_MAX), Some(()));
}
