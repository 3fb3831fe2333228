//! `share_links` and the `guests` who came by them.

use model::{
    GuestId, ProjectId, ShareLinkId,
    share::{Guest, ShareLink},
};

use crate::{IndexSink, Table, TableId, record, table::indexes};

/// Links that show something of a project.
#[derive(Debug)]
pub struct ShareLinks;

impl Table for ShareLinks {
    const ID: TableId = TableId::ShareLinks;
    type Key = ShareLinkId;
    type Row = ShareLink;

    fn indexes(row: &ShareLink, _key: &ShareLinkId, out: &mut IndexSink) {
        out.unique::<ShareLinkByHash>(&row.hash);
        out.index::<ShareLinksByProject>(&row.project_id);
    }
}
record!(ShareLink, 1);

indexes! {
    /// The link with a secret of this hash.
    Unique ShareLinkByHash: [u8; 32] => ShareLinks;
    /// The links of a project, oldest first.
    Index ShareLinksByProject: ProjectId => ShareLinks;
}

/// Guests.
#[derive(Debug)]
pub struct Guests;

impl Table for Guests {
    const ID: TableId = TableId::Guests;
    type Key = GuestId;
    type Row = Guest;

    fn indexes(row: &Guest, _key: &GuestId, out: &mut IndexSink) {
        out.unique::<GuestByHash>(&row.hash);
        out.index::<GuestsByLink>(&row.link_id);
    }
}
record!(Guest, 1);

indexes! {
    /// The guest with a token of this hash.
    Unique GuestByHash: [u8; 32] => Guests;
    /// The guests of a link, oldest first.
    Index GuestsByLink: ShareLinkId => Guests;
}
