//! Rules that look right and are not.

use super::{world::Rule, *};

/// Each with what is wrong with it.
pub fn all() -> Vec<(&'static str, Rule)> {
    let good = Rule::default;
    vec![
        (
            "one person too few is enough",
            Rule { close: |at, moods, least| close(at, moods, least - 1), ..good() },
        ),
        ("named moods hide the others", Rule { close: named_hide, ..good() }),
        ("versions stand alone whatever is left", Rule { close: careless_split, ..good() }),
        ("a week is everything in it", Rule { week_takes_rest: false, of_period: own_block, ..good() }),
        (
            "a week is hidden where something is left",
            Rule { close: leftovers_marked, of_period: whole_weeks, ..good() },
        ),
        ("the present day is shown", Rule { closed_only: false, ..good() }),
        ("one change is enough", Rule { review: |s, l, now, _| unguarded(s, l, now, 1), ..good() }),
        (
            "one change too few is enough",
            Rule { review: |s, l, now, least| unguarded(s, l, now, least - 1), ..good() },
        ),
        ("people change again and again", Rule { review: again_and_again, ..good() }),
        ("whoever is left stays shown", Rule { review: never_taken_back, ..good() }),
        ("fewer people open what was closed", Rule { closed_for_good: false, ..good() }),
        ("a name may be put to a mood later", Rule { openness_stays: false, ..good() }),
        ("whoever leaves takes their moods along", Rule { moods_stay: false, ..good() }),
        ("a person counts once, with the first mood of the day", Rule { close: first_mood_only, ..good() }),
        ("it says how many are too few", Rule { close: too_few_are_counted, of_period: how_many, ..good() }),
    ]
}

/// As if nothing were masked.
fn named_hide(period: Period, moods: &[Contribution], least: u32) -> Closing {
    let open: Vec<_> = moods.iter().map(|mood| Contribution { mask: Mask::Off, ..*mood }).collect();
    let mut closing = close(period, &open, least);
    for mood in moods {
        if let Some(share) = closing.shares.get_mut(&mood.id) {
            share.mask = mood.mask;
        }
    }
    closing
}

/// Every version with enough people, and whatever is left.
fn careless_split(period: Period, moods: &[Contribution], least: u32) -> Closing {
    let whole = close(period, moods, least);
    let mut shares = whole.shares;
    for mood in moods {
        let of = |other: &&Contribution| other.version == mood.version && shares.contains_key(&other.id);
        if hidden(&moods.iter().filter(of).collect::<Vec<_>>(), least) {
            shares.get_mut(&mood.id).unwrap().version = mood.version;
        }
    }
    let all = shares.values().map(|share| (share.version, 1)).collect();
    Closing { people: whole.people, ..summed_without_check(shares, &all) }
}

fn summed_without_check(
    shares: BTreeMap<MoodId, Share>,
    least_of: &BTreeMap<Option<VersionId>, u32>,
) -> Closing {
    let open = shares.iter().map(|(id, share)| (*id, Share { mask: Mask::Off, ..*share })).collect();
    let ones = least_of.keys().map(|version| (*version, 1)).collect();
    let mut closing = summed(open, &ones);
    for part in closing.parts.values_mut() {
        // It says of itself that it hides its people.
        part.crowd = Crowd { people: part.crowd.people.max(10), masked: 10 };
    }
    Closing { shares, ..closing }
}

/// Says of a week that something is left that is not shown.
fn leftovers_marked(period: Period, moods: &[Contribution], least: u32) -> Closing {
    let mut closing = close(period, moods, least);
    if closing.parts.is_empty() && !moods.is_empty() {
        closing.parts.insert(None, Part { least: MARKED, ..Part::default() });
    }
    closing
}

const MARKED: u32 = 99;

/// A week only where nothing is left that is not shown.
fn whole_weeks(period: Period, blocks: &[Block], least: u32) -> Option<Cell> {
    let marked = blocks.iter().any(|block| block.period == period && block.least == MARKED);
    if marked && period.span() == Span::Week { None } else { of_period(period, blocks, least) }
}

/// A week by its own block, whatever its days show.
fn own_block(period: Period, blocks: &[Block], least: u32) -> Option<Cell> {
    let own: Vec<Block> = blocks.iter().filter(|block| block.period == period).cloned().collect();
    of_period(period, &own, least)
}

/// Takes over what changed, once enough people did.
fn unguarded(
    shares: BTreeMap<MoodId, Share>,
    least_of: &BTreeMap<Option<VersionId>, u32>,
    now: &dyn Fn(MoodId) -> Option<Given>,
    least: u32,
) -> Option<Closing> {
    let ones = least_of.keys().map(|version| (*version, least.max(1))).collect();
    let closing = review(shares, &ones, now, least)?;
    Some(with_promise(closing, least_of))
}

fn with_promise(mut closing: Closing, least_of: &BTreeMap<Option<VersionId>, u32>) -> Closing {
    for (version, part) in &mut closing.parts {
        part.least = least_of[version];
    }
    closing
}

fn again_and_again(
    shares: BTreeMap<MoodId, Share>,
    least_of: &BTreeMap<Option<VersionId>, u32>,
    now: &dyn Fn(MoodId) -> Option<Given>,
    least: u32,
) -> Option<Closing> {
    let fresh = shares.into_iter().map(|(id, share)| (id, Share { settled: false, ..share })).collect();
    review(fresh, least_of, now, least)
}

fn never_taken_back(
    shares: BTreeMap<MoodId, Share>,
    least_of: &BTreeMap<Option<VersionId>, u32>,
    now: &dyn Fn(MoodId) -> Option<Given>,
    least: u32,
) -> Option<Closing> {
    let closing = review(shares, least_of, now, least)?;
    Some(with_promise(summed_without_check(closing.shares, least_of), least_of))
}

/// The first mood of each person, the others forgotten.
fn first_mood_only(period: Period, moods: &[Contribution], least: u32) -> Closing {
    let mut seen = BTreeSet::new();
    let first: Vec<_> = moods.iter().filter(|mood| seen.insert(mood.user)).copied().collect();
    close(period, &first, least)
}

/// Keeps how many they are although they are too few.
fn too_few_are_counted(period: Period, moods: &[Contribution], least: u32) -> Closing {
    let mut closing = close(period, moods, least);
    if closing.parts.is_empty() {
        let crowd = crowd_of(&moods.iter().collect::<Vec<_>>());
        closing.parts.insert(None, Part { least: MARKED, crowd, ..Part::default() });
    }
    closing
}

/// Says how many they are where it does not say how they feel.
fn how_many(period: Period, blocks: &[Block], least: u32) -> Option<Cell> {
    let marked = blocks.iter().find(|block| block.period == period && block.least == MARKED);
    match marked {
        Some(block) if period.span() == Span::Day => {
            Some(Cell { contributors: block.crowd.people, tally: Tally::default() })
        }
        Some(_) | None => {
            let real: Vec<Block> = blocks.iter().filter(|block| block.least != MARKED).cloned().collect();
            of_period(period, &real, least)
        }
    }
}
