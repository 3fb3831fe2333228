//! What travels as JSON. A DTO is never a model type: the model may change, these names may not.
//!
//! **Answers** derive `Object` with `skip_serializing_if_is_none` and are made by `From<model type>`. Every instant is a
//! [`Time`], every id a `Uuid`, every count an `i32` or `i64`; there is no `u64`.
//!
//! **Requests** derive `Object` too (the document shows it) and implement [`Input`](crate::http::body::Input): each field is
//! parsed once, every fault is noted with its pointer. `Body<CreateBand>` in a handler is then the service's `NewBand`.
//!
//! ```
//! use api::http::body::{Checks, Input};
//! use model::{Violations, text::{Label, Prose}};
//! use poem_openapi::{Object, types::MaybeUndefined};
//!
//! struct NewBand { name: Label, note: Option<Prose> }
//! struct BandChange { name: Option<Label>, note: Option<Option<Prose>> }
//!
//! /// What a new band needs.
//! #[derive(Object)]
//! struct CreateBand {
//!     /// What it is called: 1 to 80 characters.
//!     name: String,
//!     /// A note for its members.
//!     note: Option<String>,
//! }
//!
//! impl Input for CreateBand {
//!     type Value = NewBand;
//!     fn parse(self) -> Result<NewBand, Violations> {
//!         let mut faults = Violations::default();
//!         let name = faults.check("/name", Label::parse(&self.name));
//!         let note = faults.optional("/note", self.note, |text| Prose::parse(&text));
//!         faults.finish(name.map(|name| NewBand { name, note }))
//!     }
//! }
//!
//! /// What may change: a JSON merge patch. A field that can be cleared is `MaybeUndefined` and `nullable`.
//! #[derive(Object)]
//! struct UpdateBand {
//!     name: Option<String>,
//!     #[oai(nullable)]
//!     note: MaybeUndefined<String>,
//! }
//!
//! impl Input for UpdateBand {
//!     type Value = BandChange;
//!     fn parse(self) -> Result<BandChange, Violations> {
//!         let mut faults = Violations::default();
//!         let name = faults.optional("/name", self.name, |text| Label::parse(&text));
//!         let note = faults.patch("/note", self.note, |text| Prose::parse(&text));
//!         faults.finish(Some(BandChange { name, note }))
//!     }
//! }
//! ```
//!
//! A handler is then (see [`crate::http::reply`] for `Tagged`, `Created`, `NoContent`, [`crate::http::cursor`] for lists):
//!
//! ```ignore
//! /// Change a band
//! ///
//! /// Editors and owners.
//! #[oai(path = "/bands/:band_id", method = "patch", operation_id = "updateBand")]
//! async fn update_band(&self, cx: Auth, band_id: Path<Uuid>, if_match: IfMatch, body: Body<UpdateBand>) -> Answer<Tagged<Band>> {
//!     let band = self.service.update_band(&cx, band_id.0.into(), if_match.0, body.0).await?;
//!     Ok(Tagged::exact(band.rev, band.row.into()))
//! }
//! ```

mod time;

pub use time::Time;
