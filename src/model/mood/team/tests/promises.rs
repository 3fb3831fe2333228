//! The three properties.

use super::{
    world::{At, Diary, Held, Seen},
    *,
};

/// A combination of answers: how often each mood is in it, as it was counted there.
#[derive(Default)]
pub struct Sum(BTreeMap<(MoodId, Given), (i32, Held)>);

impl Sum {
    pub fn add(&mut self, seen: &Seen, times: i32) {
        for (id, held) in &seen.holds {
            let entry = self.0.entry((*id, held.given)).or_insert((0, *held));
            entry.0 += times;
            entry.1.masked &= held.masked;
        }
    }

    /// Says who is left if they are too few.
    pub fn check(&self, what: &str) -> Result<(), String> {
        let left: Vec<&Held> =
            self.0.values().filter(|(times, _)| *times != 0).map(|(_, held)| held).collect();
        let Some(promise) = left.iter().map(|held| held.promise).min() else { return Ok(()) };
        let users = |masked: bool| {
            let of = left.iter().filter(|held| held.masked || !masked);
            count(of.map(|held| held.user).collect::<BTreeSet<_>>().len())
        };
        let crowd = Crowd { people: users(false), masked: users(true) };
        match crowd.hides(promise) {
            true => Ok(()),
            false => Err(format!("{what} leaves {crowd:?} where {promise} were promised")),
        }
    }
}

/// (c)
pub fn differ_by_enough(diary: &Diary) -> Result<(), String> {
    let cells = &diary.cells;
    for (i, one) in cells.iter().enumerate() {
        let mut alone = Sum::default();
        alone.add(one, 1);
        alone.check("an answer")?;
        for other in &cells[..i] {
            let mut sum = Sum::default();
            sum.add(one, 1);
            sum.add(other, -1);
            sum.check(&format!("{:?} at {} without {:?} at {}", one.at, one.step, other.at, other.step))?;
        }
    }
    weeks_without_days(diary)?;
    // Any combination, drawn by a counter that is the same each time.
    let mut state = 0x9e37_79b9_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    for _ in 0..40 {
        let mut sum = Sum::default();
        for _ in 0..(2 + next(4)).min(cells.len()) {
            let times = [1, -1, 1, -1, 2, -2][next(6)];
            sum.add(&cells[next(cells.len())], times);
        }
        sum.check("a combination")?;
    }
    Ok(())
}

/// What is left of each week without all that its days show, at the end.
fn weeks_without_days(diary: &Diary) -> Result<(), String> {
    let last: BTreeMap<At, &Seen> = diary.cells.iter().map(|seen| (seen.at, seen)).collect();
    for (at, week) in &last {
        let At::Period(period) = *at else { continue };
        if period.span() == Span::Day {
            continue;
        }
        let mut sum = Sum::default();
        sum.add(week, 1);
        for day in period.days() {
            if let Some(day) = last.get(&At::Period(Period::around(Span::Day, day))) {
                sum.add(day, -1);
            }
        }
        sum.check("a week without its days")?;
    }
    Ok(())
}

fn same(rule: &Rule, ops: &[Op], seen: &Diary, what: &str) -> Result<(), String> {
    let other = World::live(rule, ops)?;
    match other.steps == seen.steps {
        true => Ok(()),
        false => Err(format!("{what} changed an answer")),
    }
}

/// (a)
pub fn swapping_changes_nothing(rule: &Rule, ops: &[Op], seen: &Diary) -> Result<(), String> {
    let mut day = 0;
    let days: Vec<i32> = ops
        .iter()
        .map(|op| {
            day += i32::from(matches!(op, Op::NextDay));
            day
        })
        .collect();
    let mut left = 3;
    let untouched = seen.recorded.iter().filter(|(_, _, untouched)| *untouched).map(|(step, _, _)| *step);
    let steps: Vec<usize> = untouched.collect();
    for (i, one) in steps.iter().enumerate() {
        for other in &steps[i + 1..] {
            let (
                Op::Record { user: a, feeling: f, intensity: s, mask: 2.., version: v },
                Op::Record { user: b, feeling: g, intensity: t, mask: 2.., version: w },
            ) = (&ops[*one], &ops[*other])
            else {
                continue;
            };
            if a == b || v != w || days[*one] != days[*other] || (f, s) == (g, t) || left == 0 {
                continue;
            }
            left -= 1;
            let mut swapped = ops.to_vec();
            swapped[*one] = Op::Record { user: *a, feeling: *g, intensity: *t, mask: 2, version: *v };
            swapped[*other] = Op::Record { user: *b, feeling: *f, intensity: *s, mask: 2, version: *w };
            same(rule, &swapped, seen, "swapping two moods")?;
        }
    }
    Ok(())
}

/// (b)
pub fn unpublished_moods_are_unseen(rule: &Rule, ops: &[Op], seen: &Diary) -> Result<(), String> {
    let published: BTreeSet<MoodId> = seen.cells.iter().flat_map(|seen| seen.holds.keys().copied()).collect();
    let hidden = seen.recorded.iter().filter(|(_, id, _)| !published.contains(id));
    for (step, _, _) in hidden.take(4) {
        let mut without = ops.to_vec();
        without[*step] = Op::Skip;
        same(rule, &without, seen, "leaving out a mood that was never shown")?;
        if let Op::Record { user, feeling, mask, version, .. } = ops[*step] {
            let feeling = (feeling + 1) % 10;
            without[*step] = Op::Record { user, feeling, intensity: 1, mask, version };
            same(rule, &without, seen, "another mood in a bucket that was never shown")?;
        }
    }
    Ok(())
}
