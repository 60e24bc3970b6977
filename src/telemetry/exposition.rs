//! Writes what was measured in the text format of Prometheus (0.0.4).

use super::measure::{Buckets, Counter, Gauge, Histogram};
use std::fmt::Write as _;

/// The type of the page.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Times are measured in microseconds and told in seconds.
const US_IN_SECOND: f64 = 1_000_000.0;

/// A page of metrics.
#[derive(Debug, Default)]
pub struct Page(String);

/// The labels of a line.
type Labels<'a> = &'a [(&'a str, &'a str)];

impl Page {
    /// Says what the lines that follow are about.
    pub fn about(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    /// One number.
    pub fn number(&mut self, name: &str, labels: Labels<'_>, number: impl std::fmt::Display) {
        self.line(format_args!("{name}{} {number}", written(labels)));
    }

    /// A number that only grows.
    pub fn counter(&mut self, name: &str, help: &str, counter: &Counter) {
        self.about(name, "counter", help);
        self.number(name, &[], counter.get());
    }

    /// A number that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, gauge: &Gauge) {
        self.about(name, "gauge", help);
        self.number(name, &[], gauge.get());
    }

    /// A number of this moment.
    pub fn now(&mut self, name: &str, help: &str, number: impl std::fmt::Display) {
        self.about(name, "gauge", help);
        self.number(name, &[], number);
    }

    /// A histogram of times.
    pub fn times(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.about(name, "histogram", help);
        self.times_of(name, &[], histogram);
    }

    /// A histogram of times, for some labels.
    pub fn times_of(&mut self, name: &str, labels: Labels<'_>, histogram: &Histogram) {
        self.buckets(name, labels, &histogram.read(), US_IN_SECOND);
    }

    /// A histogram of sizes.
    pub fn sizes(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.about(name, "histogram", help);
        self.buckets(name, &[], &histogram.read(), 1.0);
    }

    fn buckets(&mut self, name: &str, labels: Labels<'_>, read: &Buckets, unit: f64) {
        let bounds = read.upto.iter().map(|(bound, count)| (scaled(*bound, unit), *count));
        for (bound, count) in bounds.chain([("+Inf".to_owned(), read.count)]) {
            let mut labels = labels.to_vec();
            labels.push(("le", &bound));
            self.number(&format!("{name}_bucket"), &labels, count);
        }
        self.number(&format!("{name}_sum"), labels, scaled(read.sum, unit));
        self.number(&format!("{name}_count"), labels, read.count);
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a text grows");
    }

    /// The page as a text.
    pub fn text(self) -> String {
        self.0
    }
}

/// A count of some unit in that unit.
fn scaled(number: u64, unit: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a metric of 2^53 is told roughly")]
    let number = number as f64;
    (number / unit).to_string()
}

fn written(labels: Labels<'_>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    format!("{{{}}}", labels.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::Page;
    use crate::telemetry::measure::Histogram;

    #[test]
    fn a_page_is_what_prometheus_reads() {
        static TIMES: Histogram = Histogram::new(&[500, 1_000_000]);
        TIMES.note(400);
        TIMES.note(2_000_000);
        let mut page = Page::default();
        page.about("ax_x_seconds", "histogram", "how long");
        page.times_of("ax_x_seconds", &[("route", "/a\"b\\")], &TIMES);
        page.now("ax_y", "how many", 3);
        let wanted = r#"# HELP ax_x_seconds how long
# TYPE ax_x_seconds histogram
ax_x_seconds_bucket{route="/a\"b\\",le="0.0005"} 1
ax_x_seconds_bucket{route="/a\"b\\",le="1"} 1
ax_x_seconds_bucket{route="/a\"b\\",le="+Inf"} 2
ax_x_seconds_sum{route="/a\"b\\"} 2.0004
ax_x_seconds_count{route="/a\"b\\"} 2
# HELP ax_y how many
# TYPE ax_y gauge
ax_y 3
"#;
        assert_eq!(page.text(), wanted);
    }
}
