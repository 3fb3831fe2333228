//! Lists of moods. What others masked is not passed over but not there: it stands in no index that these lists read.

use super::MoodView;
use crate::{
    Ctx, Result, Service, Stored,
    page::{PageRequest, Paged},
};
use model::{MoodId, ProjectId, access::Action, mood::Mood, project::Project};
use std::collections::BTreeMap;
use store::{
    Index, Key, Scan,
    tables::mood::{Moods, MoodsByUser, MoodsNamed, MoodsOfMember},
};

impl Service {
    /// The named moods of a project and all of the caller, newest first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` for a foreign cursor.
    pub async fn list_moods(
        &self,
        cx: &Ctx,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Paged<MoodView>> {
        self.authorize::<Project>(cx, project, Action::View).await?;
        let (after, rows) = (page.place()?, page.limit + 1);
        let mut found: BTreeMap<MoodId, Stored<Mood>> = BTreeMap::new();
        found.extend(self.moods_before::<MoodsNamed>(&project, after, rows).await?);
        if let Ok(me) = cx.user_id() {
            found.extend(self.moods_before::<MoodsOfMember>(&(project, me), after, rows).await?);
        }
        self.mood_page(found.into_values().rev().take(rows).collect(), page).await
    }

    /// What the caller recorded, in every project, newest first.
    ///
    /// # Errors
    /// `Unauthenticated`; `Invalid` for a foreign cursor.
    pub async fn list_my_moods(&self, cx: &Ctx, page: &PageRequest) -> Result<Paged<MoodView>> {
        let me = cx.user_id()?;
        let mut found = Vec::new();
        let (mut after, mut more) = (page.place()?, true);
        while more && found.len() <= page.limit {
            let rows = self.moods_before::<MoodsByUser>(&me, after, page.limit + 1).await?;
            more = rows.len() > page.limit;
            after = rows.last().map(|(id, _)| *id);
            // A token may be for some projects only.
            found.extend(
                rows.into_iter().map(|(_, mood)| mood).filter(|mood| self.reaches(cx, mood.row.project_id)),
            );
        }
        self.mood_page(found, page).await
    }

    async fn mood_page(&self, found: Vec<Stored<Mood>>, page: &PageRequest) -> Result<Paged<MoodView>> {
        let cut = Paged::cut(found, page.limit, |mood| mood.row.id);
        Ok(Paged { items: self.mood_views(cut.items).await?, next: cut.next })
    }

    async fn moods_before<I: Index<Table = Moods>>(
        &self,
        key: &I::Key,
        after: Option<MoodId>,
        rows: usize,
    ) -> Result<Vec<(MoodId, Stored<Mood>)>>
    where
        I::Key: Key,
    {
        let mut scan = Scan::prefix(key).reverse().limit(rows);
        if let Some(id) = after {
            scan = scan.before(&(key.clone(), id));
        }
        let page = self.store().scan_index::<I>(scan).await?;
        Ok(page.items.into_iter().map(|hit| (hit.key, hit.stored)).collect())
    }
}
