//! Closed sets that are the same in the model and in JSON.

/// Declares enums of the document beside enums of the model with the same variants:
/// `mirrored! { stored; /// doc  ApprovalRule { /// doc  None, … } }`.
macro_rules! mirrored {
    ($stored:ident; $($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, poem_openapi::Enum)]
        #[oai(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl From<$stored::$name> for $name {
            fn from(value: $stored::$name) -> Self {
                match value { $($stored::$name::$variant => Self::$variant),+ }
            }
        }
        impl From<$name> for $stored::$name {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => Self::$variant),+ }
            }
        }
    )+};
}
pub(crate) use mirrored;
