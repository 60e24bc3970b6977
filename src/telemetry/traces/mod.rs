//! Traces: what a request led to and how long each part took, for a collector that speaks OTLP over
//! HTTP. Only the names and numbers that the program itself gives its spans go out; where the
//! collector does not keep up, spans are dropped, and nothing else waits.

mod otlp;
mod send;

pub use send::Sending;

use crate::clock::{Clock, Stopwatch};
use crate::domain::Timestamp;
use crate::keys::random_token;
use crate::telemetry::metrics::TRACE_SPANS_DROPPED;
use serde_json::Value;
use std::fmt;
use tokio::sync::mpsc;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// How many spans wait to be sent at most.
const WAITING_MAX: usize = 4_096;
/// Spans of this program only.
const TARGET: &str = "planexe_ax";
/// The field in which a request names the span of its caller, as `traceparent` does.
const PARENT: &str = "trace.parent";
/// The digits of the id of a trace.
const TRACE_DIGITS: usize = 32;
/// The digits of the id of a span.
const SPAN_DIGITS: usize = 16;

/// A span that has ended.
#[derive(Debug, Clone, PartialEq)]
struct Span {
    trace_id: String,
    span_id: String,
    parent_id: Option<String>,
    name: &'static str,
    began_at: Timestamp,
    took_us: u64,
    fields: Vec<(&'static str, Value)>,
}

/// A span that lasts.
struct Open {
    span: Span,
    watch: Stopwatch,
}

/// Follows spans, and hands on those that end.
pub(super) struct Traces {
    ended: mpsc::Sender<Span>,
}

/// What follows spans, and where they come out.
pub(super) fn traces() -> (Traces, Ended) {
    let (ended, waiting) = mpsc::channel(WAITING_MAX);
    (Traces { ended }, Ended(waiting))
}

/// Where spans that have ended come out.
pub struct Ended(mpsc::Receiver<Span>);

/// Whether a span is told to the collector.
pub(super) fn is_told(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with(TARGET)
}

/// Gathers the fields of a span.
#[derive(Default)]
struct Fields {
    parent: Option<(String, String)>,
    fields: Vec<(&'static str, Value)>,
}

impl Fields {
    fn take(&mut self, field: &Field, value: Value) {
        match (field.name(), value.as_str()) {
            (PARENT, Some(text)) => self.parent = parent_of(text),
            (name, _) => self.fields.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.take(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.take(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.take(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.take(field, value.into());
    }
}

/// The trace and the span that a `traceparent` names.
fn parent_of(text: &str) -> Option<(String, String)> {
    let mut parts = text.split('-');
    let (version, trace, span) = (parts.next()?, parts.next()?, parts.next()?);
    let is_id = |id: &str, digits: usize| {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        id.len() == digits && id.bytes().all(is_digit) && id.bytes().any(|byte| byte != b'0')
    };
    let is_whole = version != "ff" && is_id(trace, TRACE_DIGITS) && is_id(span, SPAN_DIGITS);
    is_whole.then(|| (trace.to_owned(), span.to_owned()))
}

fn random_id(digits: usize) -> String {
    let mut id = random_token();
    id.truncate(digits);
    id
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Traces {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let within = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let open = extensions.get::<Open>()?;
            Some((open.span.trace_id.clone(), open.span.span_id.clone()))
        });
        let (trace_id, parent_id) = match within.or(fields.parent) {
            Some((trace_id, span_id)) => (trace_id, Some(span_id)),
            None => (random_id(TRACE_DIGITS), None),
        };
        let open = Open {
            span: Span {
                trace_id,
                span_id: random_id(SPAN_DIGITS),
                parent_id,
                name: attributes.metadata().name(),
                began_at: Clock::System.now(),
                took_us: 0,
                fields: fields.fields,
            },
            watch: Stopwatch::start(),
        };
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(open) = span.extensions_mut().get_mut::<Open>() {
            let mut fields = Fields::default();
            values.record(&mut fields);
            open.span.fields.append(&mut fields.fields);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(Open { mut span, watch }) = span.extensions_mut().remove::<Open>() else {
            return;
        };
        span.took_us = watch.elapsed_us();
        if self.ended.try_send(span).is_err() {
            TRACE_SPANS_DROPPED.count();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Span, is_told, parent_of, traces};
    use tracing_subscriber::filter::filter_fn;
    use tracing_subscriber::layer::{Layer, SubscriberExt};

    fn told(work: impl FnOnce()) -> Vec<Span> {
        let (traces, mut ended) = traces();
        let layer = traces.with_filter(filter_fn(is_told));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        let mut told = Vec::new();
        while let Ok(span) = ended.0.try_recv() {
            told.push(span);
        }
        told
    }

    #[test]
    fn a_span_within_another_belongs_to_it_and_the_outer_one_to_its_caller() {
        let caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let told = told(|| {
            let outer = tracing::info_span!("outer", trace.parent = caller, http.status = 0);
            outer.record("http.status", 204);
            outer.in_scope(|| drop(tracing::info_span!("inner")));
            drop(tracing::debug_span!("too small"));
            drop(tracing::info_span!(target: "elsewhere", "foreign"));
            drop(outer);
        });
        let [inner, outer] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((inner.name, outer.name), ("inner", "outer"));
        assert_eq!(outer.trace_id, "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(outer.parent_id.as_deref(), Some("b7ad6b7169203331"));
        assert_eq!(inner.trace_id, outer.trace_id);
        assert_eq!(inner.parent_id.as_ref(), Some(&outer.span_id));
        assert_eq!(outer.fields.last(), Some(&("http.status", 204.into())));
    }

    #[test]
    fn what_names_no_caller_begins_a_trace_of_its_own() {
        for text in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(parent_of(text), None, "{text}");
        }
        let told = told(|| drop(tracing::info_span!("alone")));
        assert_eq!((told.len(), &told[0].parent_id), (1, &None));
        assert_eq!((told[0].trace_id.len(), told[0].span_id.len()), (32, 16));
    }
}
