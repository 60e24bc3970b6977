//! Words out of a short list that stand for something each: an enum, and the text of every variant.

/// Makes enums whose variants have a word each.
macro_rules! words {
    ($(
        $(#[$doc:meta])*
        $Name:ident { $($(#[$vdoc:meta])* $Variant:ident = $text:literal,)+ }
    )+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        pub enum $Name {
            $($(#[$vdoc])* #[serde(rename = $text)] $Variant,)+
        }

        impl $Name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$Variant),+];

            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$Variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}

pub(crate) use words;
