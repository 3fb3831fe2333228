//! Pictures of people: cropped to a square, encoded anew, counted like every other blob.

use crate::{
    Ctx, Error, Result, Service,
    commit::decide_again,
    picture::{Form, NewPicture, PictureFile},
    profile::Me,
};
use bytes::Bytes;
use model::{UserId, account::User, limits};
use store::{Batch, Stored};

impl Service {
    /// Gives the caller a picture.
    ///
    /// # Errors
    /// `PayloadTooLarge`, `Invalid` if it is no picture we can read.
    pub async fn put_my_avatar(&self, cx: &Ctx, bytes: Bytes) -> Result<Me> {
        // Nobody decodes pictures for strangers.
        self.myself(cx).await?;
        let avatar = self.develop(Form::Square(limits::AVATAR_SIDE), bytes).await?;
        let user = decide_again!(None, self.try_avatar(cx, Some(&avatar)).await)?;
        self.with_details(cx, user).await
    }

    /// Takes the caller's picture away. Without one, nothing happens.
    ///
    /// # Errors
    /// `Unauthenticated`.
    pub async fn delete_my_avatar(&self, cx: &Ctx) -> Result<()> {
        decide_again!(None, self.try_avatar(cx, None).await).map(drop)
    }

    async fn try_avatar(&self, cx: &Ctx, avatar: Option<&NewPicture>) -> Result<Stored<User>> {
        let me = self.myself(cx).await?;
        let row = User { avatar: avatar.map(NewPicture::hash), ..me.row.clone() };
        if row.avatar == me.row.avatar {
            return Ok(me);
        }
        let mut batch = Batch::new();
        self.hang(&mut batch, me.row.avatar, avatar).await?;
        self.replace_me(cx, batch, me, row).await
    }

    /// Somebody's picture, for whoever may see their profile.
    ///
    /// # Errors
    /// `NotFound`, also where they have none.
    pub async fn get_user_avatar(&self, cx: &Ctx, id: UserId) -> Result<PictureFile> {
        let user = self.get_user(cx, id).await?.row;
        self.open_picture(user.avatar.ok_or(Error::NotFound("avatar"))?, user.updated_at).await
    }
}
