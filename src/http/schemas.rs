//! The forms of the API's values that have types of their own inside: ids, moments, and the rows of
//! windows. They stand in the description only; the types inside do the checking.

use crate::domain::ID_BYTES_MAX;
use crate::projections::{Form, ShownField};
use std::borrow::Cow;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::{PartialSchema, ToSchema};

/// An id: letters, digits, and a few marks.
pub(super) struct Id;

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        let pattern = format!("^[A-Za-z0-9][A-Za-z0-9_:.-]{{0,{}}}$", ID_BYTES_MAX - 1);
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
        text.max_length(Some(ID_BYTES_MAX)).min_length(Some(1)).into()
    }
}

impl ToSchema for Id {
    fn name() -> Cow<'static, str> {
        "Id".into()
    }
}

/// A moment, in UTC, by RFC 3339.
pub(super) struct Moment;

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Moment {
    fn name() -> Cow<'static, str> {
        "Moment".into()
    }
}

/// Any JSON.
pub(super) struct Any;

impl PartialSchema for Any {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::AnyValue).into()
    }
}

impl ToSchema for Any {
    fn name() -> Cow<'static, str> {
        "Any".into()
    }
}

/// An object with any members.
pub(super) struct AnyObject;

impl PartialSchema for AnyObject {
    fn schema() -> RefOr<Schema> {
        let any = Some(AdditionalProperties::FreeForm(true));
        ObjectBuilder::new().schema_type(Type::Object).additional_properties(any).into()
    }
}

impl ToSchema for AnyObject {
    fn name() -> Cow<'static, str> {
        "AnyObject".into()
    }
}

/// The form of a window's row, as it is shown.
pub(super) fn row(fields: &[ShownField]) -> RefOr<Schema> {
    object(fields).into()
}

fn object(fields: &[ShownField]) -> ObjectBuilder {
    let mut row = ObjectBuilder::new().schema_type(Type::Object);
    for field in fields {
        row = row.property(field.name, cell(field)).required(field.name);
    }
    row
}

fn cell(field: &ShownField) -> ObjectBuilder {
    let kind = match field.form {
        Form::Json => SchemaType::AnyValue,
        Form::Number => kind(Type::Integer, field.is_optional),
        Form::Truth => kind(Type::Boolean, field.is_optional),
        Form::Text | Form::Moment => kind(Type::String, field.is_optional),
    };
    let format = SchemaFormat::KnownFormat(KnownFormat::DateTime);
    let format = (field.form == Form::Moment).then_some(format);
    let about = Some(field.about.trim());
    ObjectBuilder::new().schema_type(kind).format(format).description(about)
}

fn kind(kind: Type, is_optional: bool) -> SchemaType {
    if is_optional { SchemaType::from_iter([kind, Type::Null]) } else { SchemaType::new(kind) }
}

/// Declares the form of a row as a named part of the description.
macro_rules! row_forms {
    ($($(#[$doc:meta])* $name:ident of $row:ty;)+) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                row(<$row>::SHOWN)
            }
        }

        impl ToSchema for $name {}
    )+};
}

row_forms! {
    /// A node of an execution's tree.
    TaskNode of crate::projections::task_tree::TaskRow;
    /// A blocker.
    Blocker of crate::projections::blockers::BlockerRow;
}

/// Something that happened, in a sentence, with its time.
pub(super) struct FeedEntry;

impl PartialSchema for FeedEntry {
    fn schema() -> RefOr<Schema> {
        let entry = object(crate::projections::feed::FeedRow::SHOWN);
        entry.property("recorded_at", Moment::schema()).required("recorded_at").into()
    }
}

impl ToSchema for FeedEntry {}

/// What goes first.
#[derive(Default, ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "it stands in the description only")]
pub(super) enum Priority {
    Low,
    #[default]
    Normal,
    High,
    Critical,
}
