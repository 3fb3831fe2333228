//! The disk as a power cut would leave it: what was synced, plus a random part of what was written later.
//!
//! Data: for each file the bytes of the last completed sync, then each later write in 4 KiB pieces, kept or lost by chance.
//! Names: those of the last sync of their directory; of what was made, renamed or removed later, nothing or a random first part.

use crate::trace::Call;
use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::Path,
};

const BLOCK: u64 = 4096;

/// A source of chance that gives the same images for the same seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Chance(pub u64);

impl Chance {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }
    fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }
}

/// A change of one file's bytes.
#[derive(Clone, Debug)]
enum Change {
    Write { offset: u64, data: Vec<u8> },
    Truncate(u64),
}

fn apply(content: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { offset, data } => {
            let end = *offset as usize + data.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[*offset as usize..end].copy_from_slice(data);
        }
        Change::Truncate(length) => content.resize(*length as usize, 0),
    }
}

#[derive(Clone, Debug, Default)]
struct Inode {
    synced: Vec<u8>,
    pending: Vec<Change>,
    /// How many pending changes each sync under way covers, by descriptor.
    syncing: HashMap<u64, usize>,
}

/// A change of a name.
#[derive(Clone, Debug)]
enum Name {
    Put(String, Node),
    Remove(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    File(usize),
    Dir,
}

/// A disk that follows a trace.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    inodes: Vec<Inode>,
    now: BTreeMap<String, Node>,
    synced: BTreeMap<String, Node>,
    pending: Vec<Name>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

impl Disk {
    /// Takes one call into account.
    pub fn follow(&mut self, call: &Call) {
        match call {
            Call::Create(path) => {
                self.inodes.push(Inode::default());
                self.name(Name::Put(path.clone(), Node::File(self.inodes.len() - 1)));
            }
            Call::MakeDir(path) => self.name(Name::Put(path.clone(), Node::Dir)),
            Call::Unlink(path) | Call::RemoveDir(path) => self.name(Name::Remove(path.clone())),
            Call::Link { from, to } => {
                if let Some(node) = self.now.get(from).copied() {
                    self.name(Name::Put(to.clone(), node));
                }
            }
            Call::Rename { from, to } => {
                if let Some(node) = self.now.get(from).copied() {
                    self.name(Name::Put(to.clone(), node));
                    self.name(Name::Remove(from.clone()));
                }
            }
            Call::Write { path, offset, data } => {
                self.change(path, Change::Write { offset: *offset, data: data.clone() });
            }
            Call::Truncate { path, length } => self.change(path, Change::Truncate(*length)),
            Call::SyncBegin { path, fd } => {
                if let Some(inode) = self.inode(path) {
                    inode.syncing.insert(*fd, inode.pending.len());
                }
            }
            Call::SyncEnd { path, fd } => self.synced(path, *fd),
        }
    }

    fn name(&mut self, change: Name) {
        change.apply(&mut self.now);
        self.pending.push(change);
    }

    fn inode(&mut self, path: &str) -> Option<&mut Inode> {
        match self.now.get(path) {
            Some(Node::File(inode)) => self.inodes.get_mut(*inode),
            Some(Node::Dir) | None => None,
        }
    }

    fn change(&mut self, path: &str, change: Change) {
        if let Some(inode) = self.inode(path) {
            inode.pending.push(change);
        }
    }

    fn synced(&mut self, path: &str, fd: u64) {
        if let Some(inode) = self.inode(path) {
            let covered = inode.syncing.remove(&fd).unwrap_or(0).min(inode.pending.len());
            for change in inode.pending.drain(..covered).collect::<Vec<_>>() {
                apply(&mut inode.synced, &change);
            }
            inode.syncing.values_mut().for_each(|left| *left = left.saturating_sub(covered));
            return;
        }
        // A directory (the root is the empty path): its names are durable now.
        let (durable, pending) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|change: &Name| parent(change.path()) == path);
        self.pending = pending;
        let durable: Vec<Name> = durable;
        durable.iter().for_each(|change| change.apply(&mut self.synced));
    }

    /// Writes the disk as a power cut at this moment could leave it into the empty directory `root`.
    pub fn cut(&self, root: &Path, chance: &mut Chance) -> io::Result<()> {
        let mut names = self.synced.clone();
        if chance.coin() {
            let kept = chance.below(self.pending.len() as u64 + 1) as usize;
            self.pending[..kept].iter().for_each(|change| change.apply(&mut names));
        }
        for (path, node) in &names {
            let target = root.join(path);
            match node {
                Node::Dir => fs::create_dir_all(target)?,
                Node::File(inode) => {
                    if let Some(dir) = target.parent() {
                        fs::create_dir_all(dir)?;
                    }
                    fs::write(target, self.inodes[*inode].cut(chance))?;
                }
            }
        }
        Ok(())
    }
}

impl Inode {
    fn cut(&self, chance: &mut Chance) -> Vec<u8> {
        let mut content = self.synced.clone();
        for change in &self.pending {
            match change {
                Change::Truncate(_) => {
                    if chance.coin() {
                        apply(&mut content, change);
                    }
                }
                Change::Write { offset, data } => {
                    for piece in pieces(*offset, data) {
                        if chance.coin() {
                            apply(&mut content, &piece);
                        }
                    }
                }
            }
        }
        content
    }
}

/// A write cut at the boundaries of blocks.
fn pieces(offset: u64, data: &[u8]) -> Vec<Change> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let place = offset + at as u64;
        let room = (BLOCK - place % BLOCK) as usize;
        let end = (at + room).min(data.len());
        pieces.push(Change::Write { offset: place, data: data[at..end].to_vec() });
        at = end;
    }
    pieces
}

impl Name {
    fn path(&self) -> &str {
        match self {
            Self::Put(path, _) | Self::Remove(path) => path,
        }
    }
    fn apply(&self, names: &mut BTreeMap<String, Node>) {
        match self {
            Self::Put(path, node) => {
                names.insert(path.clone(), *node);
            }
            Self::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

/// The laws of the disk itself, run as trials of this program.
pub mod laws {
    use super::*;

    fn calls() -> Vec<Call> {
        vec![
            Call::Create("db".into()),
            Call::Write { path: "db".into(), offset: 0, data: vec![1; 10] },
            Call::SyncBegin { path: "db".into(), fd: 3 },
            Call::Write { path: "db".into(), offset: 10, data: vec![2; 10] },
            Call::SyncEnd { path: "db".into(), fd: 3 },
        ]
    }

    fn disk() -> Disk {
        let mut disk = Disk::default();
        calls().iter().for_each(|call| disk.follow(call));
        disk
    }

    pub fn a_sync_covers_what_was_written_before_it_began() {
        let disk = disk();
        assert_eq!(disk.inodes[0].synced, vec![1; 10]);
        assert_eq!(disk.inodes[0].pending.len(), 1);
    }

    pub fn a_name_is_absent_until_its_directory_is_synced() {
        let mut disk = disk();
        assert!(disk.synced.is_empty());
        disk.follow(&Call::SyncBegin { path: String::new(), fd: 4 });
        disk.follow(&Call::SyncEnd { path: String::new(), fd: 4 });
        assert!(disk.synced.contains_key("db") && disk.pending.is_empty());
    }
}
