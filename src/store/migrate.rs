//! The schema of a data directory: a number that grows with every release that an older program would misread.
//!
//! A new table, a record of a new version, an index that older rows lack: each asks for a line in [`MIGRATIONS`]. At the start
//! an older directory is brought up to date page by page; each page and the place where it ends are one durable write, so a
//! migration that was interrupted goes on. A newer directory is refused. `tests/fixtures` keeps a directory of each schema.

#[cfg(test)]
mod tests;

use model::Timestamp;

use crate::{
    Table,
    engine::{Engine, Writes},
    error::StoreError,
    record,
    table::full_key,
    tables::meta::{Meta, MetaRow},
    view::unreadable,
};

/// One step from the schema before it.
pub(crate) struct Migration {
    /// What it does, for the log.
    what: &'static str,
    step: Step,
}

/// How a migration changes rows: the next page, after the place where the last one ended. A page stays well below the
/// limits of a batch. Absent where rows stay as they are and only older programs must keep away.
type Step = Option<fn(&dyn Engine, Option<&str>) -> Result<Part, StoreError>>;

/// A page of a migration.
pub(crate) struct Part {
    /// What it writes.
    writes: Writes,
    /// Where the next page goes on; absent on the last one.
    next: Option<String>,
}

/// Every migration, in order: the first one leads from schema 1 to schema 2.
const MIGRATIONS: &[Migration] = &[];

/// The schema that this program reads and writes.
pub const SCHEMA: u64 = 1 + MIGRATIONS.len() as u64;

/// The name of the row that holds the schema.
const NAME: &str = "schema";
/// The name of the row that says how far a migration has come.
const PLACE: &str = "migration";

/// The row with which a new directory starts.
pub(crate) fn newest(now: Timestamp) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
    fact(NAME, &MetaRow::Number(SCHEMA), now)
}

/// Brings a directory that holds data to the newest schema.
///
/// # Errors
/// [`StoreError::Open`] for a directory of a newer program; those of the engine.
pub(crate) fn run(engine: &dyn Engine, now: Timestamp) -> Result<(), StoreError> {
    run_list(engine, MIGRATIONS, now)
}

fn run_list(engine: &dyn Engine, list: &[Migration], now: Timestamp) -> Result<(), StoreError> {
    let newest = 1 + list.len() as u64;
    // Schema 1 is older than the row that names it.
    let found = match read(engine, NAME)? {
        Some(MetaRow::Number(schema)) => schema,
        Some(_) | None => 1,
    };
    if found > newest {
        return Err(newer(found, newest));
    }
    for (schema, migration) in (2..).zip(list).filter(|(schema, _)| *schema > found) {
        tracing::warn!(
            store.schema = schema,
            migration.what = migration.what,
            "the data directory is brought up to date; do not go back to an older version of Backline"
        );
        migrate(engine, migration, schema, now)?;
    }
    Ok(())
}

fn migrate(
    engine: &dyn Engine,
    migration: &Migration,
    schema: u64,
    now: Timestamp,
) -> Result<(), StoreError> {
    loop {
        let place = match read(engine, PLACE)? {
            Some(MetaRow::Text(place)) => Some(place),
            Some(_) | None => None,
        };
        let part = match migration.step {
            Some(step) => step(engine, place.as_deref())?,
            None => Part { writes: Writes::new(), next: None },
        };
        let mut writes = part.writes;
        let done = part.next.is_none();
        match part.next {
            Some(next) => writes.extend([fact(PLACE, &MetaRow::Text(next), now)?]),
            None => {
                writes.extend([(key(PLACE), None), fact(NAME, &MetaRow::Number(schema), now)?]);
            }
        }
        engine
            .apply(&writes)
            .and_then(|()| engine.flush())
            .and_then(|()| engine.sync())
            .map_err(unreadable)?;
        if done {
            return Ok(());
        }
    }
}

fn newer(found: u64, known: u64) -> StoreError {
    let why = format!(
        "it has schema {found}, and this version of Backline knows schemas up to {known}; start the version that \
         wrote it, or a newer one"
    );
    StoreError::Open { why }
}

fn key(name: &str) -> Vec<u8> {
    full_key(Meta::ID, &name.to_owned())
}

fn fact(name: &str, row: &MetaRow, now: Timestamp) -> Result<(Vec<u8>, Option<Vec<u8>>), StoreError> {
    let mut value = record::encode(row, 1).map_err(|why| StoreError::Misuse { table: Meta::ID, why })?;
    record::fill(&mut value, 1, now);
    Ok((key(name), Some(value)))
}

fn read(engine: &dyn Engine, name: &str) -> Result<Option<MetaRow>, StoreError> {
    let found = engine.get(&key(name)).map_err(unreadable)?;
    let row = found.map(|value| record::decode::<MetaRow>(&value)).transpose();
    Ok(row.map_err(|why| StoreError::corrupt(Meta::ID, name.as_bytes(), why))?.map(|stored| stored.row))
}
