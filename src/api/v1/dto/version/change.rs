//! What clients send about versions.

use crate::{
    http::body::{Checks, Input},
    v1::dto::tags,
};
use model::{
    VersionId, Violations,
    text::{Changelog, Label, Prose},
};
use poem_openapi::{
    Enum, Object,
    registry::{MetaSchema, MetaSchemaRef},
    types::{MaybeUndefined, ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde_json::{Value, json};
use service::{
    version::{MetadataPatch, VersionPatch},
    version_create::{Carry, NewVersion},
};
use std::{borrow::Cow, collections::BTreeMap};
use uuid::Uuid;

/// Which comments of the version before are carried over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub enum CarryComments {
    /// Those that are not resolved: they stand on the new version too, moved by as much as the music moved.
    Unresolved,
    /// None.
    #[default]
    None,
}

impl From<CarryComments> for Carry {
    fn from(carry: CarryComments) -> Self {
        match carry {
            CarryComments::Unresolved => Self::Unresolved,
            CarryComments::None => Self::None,
        }
    }
}

/// What a new version needs.
#[derive(Debug, Object)]
pub struct CreateVersion {
    /// A complete upload of yours that was not used yet.
    pub upload_id: Uuid,
    /// What the band calls it: 1 to 80 characters.
    pub label: Option<String>,
    /// What changed, in Markdown: up to 10,000 characters.
    pub changelog: Option<String>,
    /// The version of the same track that it was made from.
    pub parent_version_id: Option<Uuid>,
    /// Make it the current version when it is ready, unless somebody chooses another meanwhile.
    #[oai(default = "yes")]
    pub make_current: bool,
    /// Which comments of the version before are carried over.
    #[oai(default)]
    pub carry_comments: CarryComments,
}

fn yes() -> bool {
    true
}

impl Input for CreateVersion {
    type Value = NewVersion;

    fn example() -> Value {
        json!({"upload_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f", "label": "walking", "changelog": "Quieter in the chorus.", "make_current": true})
    }

    fn parse(self) -> Result<NewVersion, Violations> {
        let mut faults = Violations::default();
        let label = faults.optional("/label", self.label, |text| Label::parse(&text));
        let changelog = faults.optional("/changelog", self.changelog, |text| Changelog::parse(&text));
        faults.finish(Some(NewVersion {
            upload_id: self.upload_id.into(),
            label,
            changelog,
            parent_version_id: self.parent_version_id.map(Into::into),
            make_current: self.make_current,
            carry: self.carry_comments.into(),
        }))
    }
}

/// What may change: a JSON merge patch.
#[derive(Debug, Object)]
pub struct UpdateVersion {
    /// What the band calls it: 1 to 80 characters.
    #[oai(nullable)]
    label: MaybeUndefined<String>,
    /// What changed, in Markdown: up to 10,000 characters.
    #[oai(nullable)]
    changelog: MaybeUndefined<String>,
    /// Free metadata: entries that are sent are set, entries sent as null are removed, others stay; null removes all.
    #[oai(nullable)]
    metadata: MaybeUndefined<MetadataChange>,
    /// All its tags, up to 20.
    #[oai(nullable)]
    tags: MaybeUndefined<Vec<String>>,
}

impl Input for UpdateVersion {
    type Value = VersionPatch;

    fn example() -> Value {
        json!({"label": "the one", "metadata": {"mic": "U 47", "room": null}, "tags": ["keeper"]})
    }

    fn parse(self) -> Result<VersionPatch, Violations> {
        let mut faults = Violations::default();
        let label = faults.patch("/label", self.label, |text| Label::parse(&text));
        let changelog = faults.patch("/changelog", self.changelog, |text| Changelog::parse(&text));
        let metadata = match self.metadata {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(MetadataPatch::Clear),
            MaybeUndefined::Value(change) => Some(change.parse(&mut faults)),
        };
        let tags = match self.tags {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(Vec::new()),
            MaybeUndefined::Value(values) => Some(tags::tags(&mut faults, values)),
        };
        faults.finish(Some(VersionPatch { label, changelog, metadata, tags }))
    }
}

/// Metadata entries to set, or to remove where null.
#[derive(Debug)]
struct MetadataChange(BTreeMap<String, Option<String>>);

impl MetadataChange {
    fn parse(self, faults: &mut Violations) -> MetadataPatch {
        let entries = self.0.into_iter().filter_map(|(name, value)| {
            let pointer = format!("/metadata/{}", name.replace('~', "~0").replace('/', "~1"));
            let name = faults.check(&pointer, Label::parse(&name))?;
            let value = match value {
                Some(text) => Some(faults.check(&pointer, Prose::parse(&text))?.to_string()),
                None => None,
            };
            Some((name.to_string(), value))
        });
        MetadataPatch::Merge(entries.collect())
    }
}

impl Type for MetadataChange {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        "MetadataChange".into()
    }
    fn schema_ref() -> MetaSchemaRef {
        let value = MetaSchema { nullable: true, ..MetaSchema::new("string") };
        MetaSchemaRef::Inline(Box::new(MetaSchema {
            additional_properties: Some(Box::new(MetaSchemaRef::Inline(Box::new(value)))),
            ..MetaSchema::new("object")
        }))
    }
    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for MetadataChange {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let Some(Value::Object(entries)) = value else {
            return Err(ParseError::expected_type(value.unwrap_or_default()));
        };
        let entries = entries.into_iter().map(|(name, value)| match value {
            Value::String(text) => Ok((name, Some(text))),
            Value::Null => Ok((name, None)),
            other => Err(ParseError::expected_type(other)),
        });
        Ok(Self(entries.collect::<Result<_, _>>()?))
    }
}

impl ToJSON for MetadataChange {
    fn to_json(&self) -> Option<Value> {
        serde_json::to_value(&self.0).ok()
    }
}

/// Which version is to play.
#[derive(Debug, Object)]
pub struct SetCurrentVersion {
    /// A version of the track that is ready.
    version_id: Uuid,
}

impl Input for SetCurrentVersion {
    type Value = VersionId;

    fn example() -> Value {
        json!({"version_id": "0192f3c1-4a5b-7c6d-8e9f-0a1b2c3d4e5f"})
    }

    fn parse(self) -> Result<VersionId, Violations> {
        Ok(self.version_id.into())
    }
}
