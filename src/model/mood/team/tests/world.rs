//! A team that records moods day after day, and everything that somebody sees who asks all the time.

use super::*;
use crate::mood::Openness;

/// What happens.
#[derive(Clone, Debug)]
pub enum Op {
    Record {
        user: u8,
        feeling: u8,
        intensity: u8,
        mask: u8,
        version: u8,
    },
    Change {
        which: u16,
        feeling: u8,
        intensity: u8,
    },
    Delete {
        which: u16,
    },
    /// Who may know of it changes, as far as that is allowed.
    Open {
        which: u16,
        mask: u8,
    },
    Leave {
        user: u8,
    },
    NextDay,
    Least {
        least: u8,
    },
    /// A recording that did not happen.
    Skip,
}

pub type Review = fn(
    BTreeMap<MoodId, Share>,
    &BTreeMap<Option<VersionId>, u32>,
    &dyn Fn(MoodId) -> Option<Given>,
    u32,
) -> Option<Closing>;

/// The rule, in parts that can be exchanged for broken ones.
#[derive(Clone)]
pub struct Rule {
    pub close: fn(Period, &[Contribution], u32) -> Closing,
    pub review: Review,
    pub of_period: fn(Period, &[Block], u32) -> Option<Cell>,
    /// A week takes what no day took; else everything.
    pub week_takes_rest: bool,
    /// A day is shown when it is over; else all the time.
    pub closed_only: bool,
    /// What was not shown when it was closed stays so when fewer people are enough.
    pub closed_for_good: bool,
    /// A day that is over hides a mood or leaves it as it is; else it may also show whose it was.
    pub openness_stays: bool,
    /// Whoever leaves leaves their moods; else these are taken out at once.
    pub moods_stay: bool,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            close,
            review: |shares, least_of, now, least| review(shares, least_of, now, least),
            of_period,
            week_takes_rest: true,
            closed_only: true,
            closed_for_good: true,
            openness_stays: true,
            moods_stay: true,
        }
    }
}

#[derive(Clone, Debug)]
struct Row {
    contribution: Contribution,
    openness: Openness,
    day: i64,
    gone: bool,
    touched: bool,
}

/// Where an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum At {
    Period(Period),
    Version(VersionId),
}

/// A mood in an answer: whose it is, whether that is known now, and for how many people it was promised to be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub user: UserId,
    pub masked: bool,
    pub given: Given,
    pub promise: u32,
}

/// An answer with what it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub step: usize,
    pub at: At,
    pub cell: Cell,
    pub holds: BTreeMap<MoodId, Held>,
}

impl Seen {
    pub fn period(&self) -> Option<Period> {
        match self.at {
            At::Period(period) => Some(period),
            At::Version(_) => None,
        }
    }
}

/// Everything that was seen.
#[derive(Default)]
pub struct Diary {
    /// Every answer that was new at some step.
    pub cells: Vec<Seen>,
    /// What everything looked like after each step at which something looked otherwise.
    pub steps: Vec<(usize, BTreeMap<At, Cell>)>,
    /// Recordings: the operation, its mood, and whether nothing happened to it later.
    pub recorded: Vec<(usize, MoodId, bool)>,
    /// How often blocks were changed.
    pub reviews: usize,
}

pub struct World<'a> {
    rule: &'a Rule,
    today: i64,
    least: u32,
    rows: BTreeMap<MoodId, Row>,
    shares: BTreeMap<Period, BTreeMap<MoodId, Share>>,
    blocks: Vec<Block>,
    promised: BTreeMap<Period, u32>,
    due: BTreeSet<Period>,
    diary: Diary,
}

const VERSIONS: std::ops::Range<u8> = 1..3;

fn version(number: u8) -> Option<VersionId> {
    VERSIONS.contains(&number).then(|| VersionId::new(uuid::Uuid::from_u128(u128::from(number))))
}

fn given(feeling: u8, intensity: u8) -> Given {
    let intensity = Intensity::parse(i64::from(intensity)).unwrap();
    Given { feeling: Feeling::ALL[usize::from(feeling)], intensity }
}

impl<'a> World<'a> {
    /// Lives through it.
    pub fn live(rule: &'a Rule, ops: &[Op]) -> Result<Diary, String> {
        let mut world = Self {
            rule,
            today: 0,
            least: 3,
            rows: BTreeMap::new(),
            shares: BTreeMap::new(),
            blocks: Vec::new(),
            promised: BTreeMap::new(),
            due: BTreeSet::new(),
            diary: Diary::default(),
        };
        for (step, op) in ops.iter().enumerate() {
            world.act(step, op);
            world.look(step)?;
        }
        for (_, id, untouched) in &mut world.diary.recorded {
            *untouched = !world.rows[id].touched;
        }
        Ok(world.diary)
    }

    fn act(&mut self, step: usize, op: &Op) {
        match *op {
            Op::Record { user: of, feeling, intensity, mask, version: about } => {
                let id = MoodId::new(uuid::Uuid::from_u128(self.rows.len() as u128 + 1));
                // Most are masked.
                let openness = match mask {
                    0 => Openness::Named,
                    1 => Openness::Private,
                    _ => Openness::Anonymous,
                };
                let mask = if openness == Openness::Named { Mask::Off } else { Mask::On };
                let contribution = Contribution {
                    id,
                    user: user(u128::from(of)),
                    mask,
                    version: version(about),
                    given: given(feeling, intensity),
                };
                let row = Row { contribution, openness, day: self.today, gone: false, touched: false };
                self.rows.insert(id, row);
                self.diary.recorded.push((step, id, true));
            }
            Op::Skip => {
                let id = MoodId::new(uuid::Uuid::from_u128(self.rows.len() as u128 + 1));
                let contribution = mood(id.uuid().as_u128(), 99, Mask::On, None);
                let row = Row {
                    contribution,
                    openness: Openness::Private,
                    day: self.today,
                    gone: true,
                    touched: true,
                };
                self.rows.insert(id, row);
            }
            Op::Change { which, feeling, intensity } => {
                self.touch(which, |row, _, _| row.contribution.given = given(feeling, intensity));
            }
            Op::Delete { which } => self.touch(which, |row, _, _| row.gone = true),
            Op::Open { which, mask } => {
                self.touch(which, |row, today, rule| {
                    let to = [Openness::Named, Openness::Anonymous, Openness::Private][usize::from(mask)];
                    if row.day == today || to == Openness::Private || !rule.openness_stays {
                        row.openness = to;
                    }
                });
            }
            Op::Leave { user: of } => {
                if !self.rule.moods_stay {
                    let of = user(u128::from(of));
                    self.rows.values_mut().filter(|row| row.contribution.user == of).for_each(|row| {
                        (row.gone, row.touched) = (true, true);
                    });
                    self.recount_everything();
                }
            }
            Op::NextDay => self.next_day(),
            Op::Least { least } => {
                self.least = u32::from(least);
                if !self.rule.closed_for_good {
                    (0..self.today).for_each(|day| self.shut(Period::around(Span::Day, day)));
                }
            }
        }
        if !self.rule.closed_only {
            let today = Period::around(Span::Day, self.today);
            self.shares.remove(&today);
            self.blocks.retain(|block| block.period != today);
            self.shut(today);
        }
    }

    fn touch(&mut self, which: u16, change: impl FnOnce(&mut Row, i64, &Rule)) {
        if self.rows.is_empty() {
            return;
        }
        // Mostly old ones, so that several people of a bucket change something.
        let which = usize::from(which) % self.rows.len().min(30);
        let row = self.rows.values_mut().nth(which).unwrap();
        row.touched = true;
        change(row, self.today, self.rule);
        if let Some(share) = self.shares.values().find_map(|shares| shares.get(&row.contribution.id)) {
            self.due.insert(share.period);
        }
    }

    fn next_day(&mut self) {
        let over = Period::around(Span::Day, self.today);
        self.today += 1;
        if self.rule.closed_only {
            self.shut(over);
        }
        if over.week() != over.plus(1).week() {
            self.shut(over.week());
        }
        for period in std::mem::take(&mut self.due) {
            self.look_again(period);
        }
    }

    fn shut(&mut self, period: Period) {
        if self.blocks.iter().any(|block| block.period == period) {
            return;
        }
        let rest = period.span() == Span::Day || self.rule.week_takes_rest;
        let taken = |id: &MoodId| self.shares.values().any(|shares| shares.contains_key(id));
        let open = self.rows.values().filter(|row| {
            let id = &row.contribution.id;
            let counts = !row.gone && row.openness != Openness::Private && period.days().contains(&row.day);
            counts && !(rest && taken(id))
        });
        let moods: Vec<Contribution> = open
            .map(|row| {
                let mask = if row.openness == Openness::Named { Mask::Off } else { Mask::On };
                Contribution { mask, ..row.contribution }
            })
            .collect();
        let closing = (self.rule.close)(period, &moods, self.least);
        self.promised.entry(period).or_insert(self.least);
        self.write(period, closing);
    }

    fn look_again(&mut self, period: Period) {
        let least_of = self.blocks.iter().filter(|block| block.period == period);
        let least_of = least_of.map(|block| (block.version, block.least)).collect();
        let rows = self.rows.clone();
        let now = move |id: MoodId| {
            let row = &rows[&id];
            (!row.gone && row.openness != Openness::Private).then_some(row.contribution.given)
        };
        let shares = self.shares[&period].clone();
        if let Some(closing) = (self.rule.review)(shares, &least_of, &now, self.least) {
            self.diary.reviews += 1;
            self.write(period, closing);
        }
    }

    fn write(&mut self, period: Period, closing: Closing) {
        self.blocks.retain(|block| block.period != period);
        for (version, part) in closing.parts {
            self.blocks.push(Block {
                project_id: crate::ProjectId::new(uuid::Uuid::nil()),
                period,
                version,
                least: part.least,
                crowd: part.crowd,
                people_of_period: closing.people,
                tally: part.tally,
            });
        }
        if !closing.shares.is_empty() {
            self.shares.insert(period, closing.shares);
        }
    }

    /// What a rule does that knows no blocks: everything that is there is counted anew.
    fn recount_everything(&mut self) {
        let rows = &self.rows;
        for (period, shares) in &mut self.shares {
            shares.retain(|id, _| !rows[id].gone);
            let least_of = self.blocks.iter().filter(|block| block.period == *period);
            let least_of = least_of.map(|block| (block.version, block.least)).collect();
            let closing = summed(shares.clone(), &least_of);
            for block in self.blocks.iter_mut().filter(|block| block.period == *period) {
                let part = closing.parts[&block.version];
                (block.crowd, block.tally, block.people_of_period) = (part.crowd, part.tally, closing.people);
            }
        }
    }

    /// Asks for everything, and says of what each answer is made.
    fn look(&mut self, step: usize) -> Result<(), String> {
        let mut picture = BTreeMap::new();
        let days = (0..=self.today).map(|day| Period::around(Span::Day, day));
        let mut periods: BTreeSet<Period> = days.clone().chain(days.map(Period::week)).collect();
        periods.retain(|period| *period.days().end() < self.today || !self.rule.closed_only);
        for period in periods {
            if let Some(cell) = (self.rule.of_period)(period, &self.blocks, self.least) {
                let days = self.rule.week_takes_rest;
                let parts =
                    |block: &&Block| block.period == period || (days && block.period.week() == period);
                self.note(step, At::Period(period), cell, parts)?;
                picture.insert(At::Period(period), cell);
            }
        }
        for about in VERSIONS.filter_map(version) {
            if let Some(cell) = of_version(about, &self.blocks, self.least) {
                self.note(step, At::Version(about), cell, |block| block.version == Some(about))?;
                picture.insert(At::Version(about), cell);
            }
        }
        if self.diary.steps.last().is_none_or(|(_, last)| *last != picture) {
            self.diary.steps.push((step, picture));
        }
        Ok(())
    }

    fn note(
        &mut self,
        step: usize,
        at: At,
        cell: Cell,
        parts: impl Fn(&&Block) -> bool,
    ) -> Result<(), String> {
        let mut by_period: BTreeMap<Period, Vec<&Block>> = BTreeMap::new();
        for block in self.blocks.iter().filter(parts).filter(|block| block.stands()) {
            by_period.entry(block.period).or_default().push(block);
        }
        let hides = |block: &&Block| block.crowd.hides(self.least);
        let mut holds = BTreeMap::new();
        for (period, blocks) in by_period {
            let whole = matches!(at, At::Period(_)) && !blocks.iter().all(hides);
            for block in blocks.into_iter().filter(hides).filter(|_| !whole) {
                let shares = self.shares[&period].iter().filter(|(_, share)| share.version == block.version);
                holds.extend(shares.filter_map(|(id, share)| {
                    let (user, masked) = (self.rows[id].contribution.user, self.masked(*id, share));
                    Some((*id, Held { user, masked, given: share.given?, promise: self.promised[&period] }))
                }));
            }
        }
        let mut tally = Tally::default();
        holds.values().for_each(|held: &Held| tally.add(held.given));
        if tally != cell.tally {
            return Err(format!("{at:?} is not the sum of what hides its people"));
        }
        let known = self.diary.cells.iter().any(|seen| seen.at == at && seen.holds == holds);
        if !known {
            self.diary.cells.push(Seen { step, at, cell, holds });
        }
        Ok(())
    }

    /// Whether somebody may not find out whose a mood is: it was masked when it was counted, and is not shown by name.
    fn masked(&self, id: MoodId, share: &Share) -> bool {
        share.mask == Mask::On && self.rows[&id].openness != Openness::Named
    }
}
