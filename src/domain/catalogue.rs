//! How events are declared: one macro makes the type, its stored name, its codec and its
//! documentation, so that none of them can drift from the others.

/// A field of an event, for the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldEntry {
    /// Its name as stored.
    pub name: &'static str,
    /// Its type.
    pub type_name: &'static str,
    /// What it means.
    pub doc: &'static [&'static str],
    /// Whether it may be missing.
    pub is_optional: bool,
}

/// An event, for the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventEntry {
    /// Its stored name; never renamed, never used again for another event.
    pub kind: &'static str,
    /// The version of its shape.
    pub schema_version: u16,
    /// What it says.
    pub doc: &'static [&'static str],
    /// Its fields.
    pub fields: &'static [FieldEntry],
}

/// Room for most events, so that none is copied again and again while it is written.
const PAYLOAD_BYTES: usize = 512;

/// An event as the bytes that are stored and hashed.
pub(crate) fn written(event: &impl serde::Serialize) -> Vec<u8> {
    let mut payload = Vec::with_capacity(PAYLOAD_BYTES);
    let written = serde_json::to_writer(&mut payload, event);
    written.expect("an event holds nothing that JSON cannot");
    payload
}

/// Declares the events of one kind of stream.
macro_rules! events {
    (
        $(#[doc = $enum_doc:literal])+
        enum $Enum:ident {
            $(
                $(#[doc = $doc:literal])+
                $Name:ident = $kind:literal, $version:literal {
                    $(
                        $(#[doc = $field_doc:literal])+
                        $field:ident : $ty:ty $(= $skip:literal)?,
                    )*
                }
            )+
        }
    ) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $Name {
                $(
                    $(#[doc = $field_doc])+
                    $(#[serde(default, skip_serializing_if = $skip)])?
                    pub $field: $ty,
                )*
            }

            impl From<$Name> for $Enum {
                fn from(event: $Name) -> Self {
                    Self::$Name(event)
                }
            }
        )+

        $(#[doc = $enum_doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $Enum {
            $(
                $(#[doc = $doc])+
                $Name($Name),
            )+
        }

        impl $Enum {
            /// Every event of this kind of stream, with its fields.
            pub const CATALOGUE: &'static [$crate::EventEntry] = &[$(
                $crate::EventEntry {
                    kind: $kind,
                    schema_version: $version,
                    doc: &[$($doc),+],
                    fields: &[$(
                        $crate::FieldEntry {
                            name: stringify!($field),
                            type_name: stringify!($ty),
                            doc: &[$($field_doc),+],
                            is_optional: events!(@optional $($skip)?),
                        },
                    )*],
                },
            )+];

            /// The stored name of the event.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$Name(_) => $kind,)+
                }
            }

            /// The version of the shape that is written today.
            pub fn schema_version(&self) -> u16 {
                match self {
                    $(Self::$Name(_) => $version,)+
                }
            }

            /// The event as the bytes that are stored and hashed.
            pub fn payload(&self) -> Vec<u8> {
                match self {
                    $(Self::$Name(event) => $crate::catalogue::written(event),)+
                }
            }

            /// The version of today's shape of an event; none when the name is not of this kind.
            pub fn schema_version_of(kind: &str) -> Option<u16> {
                match kind {
                    $($kind => Some($version),)+
                    _ => None,
                }
            }

            /// Reads today's shape of an event; none when the name is not of this kind of stream.
            pub fn read(kind: &str, payload: &[u8]) -> Option<Result<Self, serde_json::Error>> {
                match kind {
                    $($kind => Some(serde_json::from_slice(payload).map(Self::$Name)),)+
                    _ => None,
                }
            }
        }
    };
    (@optional $skip:literal) => { true };
    (@optional) => { false };
}

pub(crate) use events;
