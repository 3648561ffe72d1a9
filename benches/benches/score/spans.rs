//! A tracing layer that accumulates the time spent in each span.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tracing::span::{Attributes, Id};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// The milliseconds by span.
#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<BTreeMap<&'static str, f64>>>);

impl Spans {
    /// Returns the times since the last call.
    pub(crate) fn take(&self) -> BTreeMap<&'static str, f64> {
        take(&mut *self.0.lock().expect("no thread panicked"))
    }
}

/// Starts to measure this process's spans.
pub(crate) fn listen() -> Spans {
    let spans = Spans::default();
    let level = LevelFilter::from_level(Level::DEBUG);
    Registry::default().with(spans.clone().with_filter(level)).init();
    spans
}

struct Entered(Instant);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, _: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Entered(Instant::now()));
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(entered) = span.extensions_mut().remove::<Entered>() else { return };
        let ms = entered.0.elapsed().as_secs_f64() * 1e3;
        *self.0.lock().expect("no thread panicked").entry(span.name()).or_default() += ms;
    }
}
