//! A text picture of everything stored, one line a row, from one durable snapshot: for tests and for comparing a restore.

#[cfg(test)]
mod tests;

use std::{
    fmt::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use crate::{
    Store, StoreError,
    catalog::{CATALOG, Kind, TableId},
    engine::{Engine, walk},
    group::counter_value,
    record,
};

/// How long a dump waits for the sync of a group before it looks again.
const PAUSE: Duration = Duration::from_millis(1);

impl Store {
    /// The picture, and the number of the event it is the state after. Writers wait meanwhile.
    ///
    /// The row that names the epoch of the log is left out: a restored log has another one.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] for a row that cannot be read, [`StoreError::Io`].
    pub async fn dump(&self) -> Result<(u64, String), StoreError> {
        let inner = Arc::clone(&self.inner);
        let work = tokio::task::spawn_blocking(move || {
            loop {
                let view = inner.view.read();
                if view.unsynced.is_empty() {
                    return Ok((*inner.durable_seq.borrow(), picture(inner.engine.as_ref())?));
                }
                drop(view);
                std::thread::sleep(PAUSE);
            }
        });
        work.await.map_err(|_| StoreError::Closed)?
    }
}

pub(crate) fn picture(engine: &dyn Engine) -> Result<String, StoreError> {
    let mut out = String::new();
    for entry in CATALOG {
        walk(engine, entry.id, |key, value| line(&mut out, entry.id, entry.kind, key, value))?;
    }
    Ok(out)
}

fn line(out: &mut String, id: TableId, kind: Kind, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
    if id == TableId::Meta && key.starts_with(b"log\0") {
        return Ok(());
    }
    let corrupt = |why| StoreError::corrupt(id, key, why);
    let picture = match kind {
        Kind::Table => {
            let raw = record::open(value).map_err(corrupt)?;
            let Seen(body) =
                rmp_serde::from_slice(raw.body).map_err(|_| corrupt("the body is not MessagePack"))?;
            format!("v{} rev {} stamp {} at {} {body}", raw.version, raw.rev, raw.stamp, raw.at.0)
        }
        Kind::Counter => counter_value(&[&[id.byte()], key].concat(), value)?.to_string(),
        Kind::Index | Kind::Unique | Kind::Tombstone => hex::encode(value),
    };
    writeln!(out, "{} {} {picture}", id.name(), hex::encode(key)).map_err(|_| StoreError::Closed)
}

/// Any self-describing value as text.
struct Seen(String);

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(Eye).map(Seen)
    }
}

struct Eye;

macro_rules! shown {
    ($($visit:ident $type:ty),*) => {$(
        fn $visit<E>(self, value: $type) -> Result<String, E> {
            Ok(format!("{value:?}"))
        }
    )*};
}

impl<'de> Visitor<'de> for Eye {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    shown!(visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f32 f32, visit_f64 f64, visit_str &str);

    fn visit_bytes<E>(self, value: &[u8]) -> Result<String, E> {
        Ok(format!("x{}", hex::encode(value)))
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok("-".to_owned())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<String, A::Error> {
        let mut out = Vec::new();
        while let Some(Seen(item)) = items.next_element()? {
            out.push(item);
        }
        Ok(format!("[{}]", out.join(" ")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<String, A::Error> {
        let mut out = Vec::new();
        while let Some((Seen(name), Seen(value))) = fields.next_entry()? {
            out.push(format!("{}: {value}", name.trim_matches('"')));
        }
        Ok(format!("{{{}}}", out.join(", ")))
    }
}
