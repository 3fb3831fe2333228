//! What became of the threads of one version by the time of a later one.

use super::{
    list::CommentSort,
    merge::{Candidate, Source},
};
use crate::{Ctx, Result, Service, compare::Threads};
use model::{VersionId, comment::Visibility, limits, version::Version};
use std::collections::BTreeMap;
use store::tables::version::Versions;

impl Service {
    /// The threads that stand on `earlier`, as far as a reader of this reach may know: those settled since and up to `later`, and
    /// those still open.
    pub(crate) async fn threads_between(
        &self,
        cx: &Ctx,
        reach: Option<Visibility>,
        earlier: &Version,
        later: &Version,
    ) -> Result<Threads> {
        let sources = [Source::Newest(earlier.id.uuid(), false), Source::NewestCarried(earlier.id)];
        let shown = |candidate: &Candidate| {
            let comment = &candidate.comment.row;
            Some(comment.visibility) <= reach && comment.weight() != (0, 0)
        };
        let found = self.merged(&sources, CommentSort::NewestFirst, None, limits::PAGE_MAX, shown).await?;
        let numbers = self.numbers_of(&found.items, earlier).await?;
        let (mut open, mut resolved) = (Vec::new(), Vec::new());
        for candidate in found.items {
            match &candidate.comment.row.resolved {
                None => open.push(candidate),
                Some(how) => {
                    let number = how.version_id.and_then(|id| numbers.get(&id).copied());
                    // Without a version that it was settled in, it was settled since it was written.
                    if number.is_none_or(|number| earlier.number < number && number <= later.number) {
                        resolved.push(candidate);
                    }
                }
            }
        }
        Ok(Threads { resolved: self.listed(cx, resolved).await?, open: self.listed(cx, open).await? })
    }

    /// The numbers of the versions of the track that threads were settled in.
    async fn numbers_of(&self, found: &[Candidate], earlier: &Version) -> Result<BTreeMap<VersionId, i64>> {
        let ids = found.iter().filter_map(|candidate| candidate.comment.row.resolved?.version_id);
        let ids: Vec<VersionId> = ids.collect();
        let versions = self.store().get_many::<Versions>(&ids).await?;
        let ours = versions.into_iter().flatten().filter(|version| version.row.track_id == earlier.track_id);
        Ok(ours.map(|version| (version.row.id, version.row.number)).collect())
    }
}
