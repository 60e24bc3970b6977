//! What the benches share: how a figure is printed.

/// One figure, and the baseline that was measured in the same run.
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) name: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: &'static str,
    /// The baseline, in the same unit.
    pub(crate) baseline: f64,
    /// What the ratio of the two should reach.
    pub(crate) reach: Reach,
}

/// What a ratio should reach.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    /// The ratio.
    pub(crate) limit: f64,
    /// Whether less is better.
    pub(crate) is_most: bool,
}

impl Figure {
    /// Prints it as one JSON object on one line.
    pub(crate) fn print(&self) {
        let Self { name, value, unit, baseline, reach } = self;
        let ratio = value / baseline;
        let Reach { limit, is_most } = *reach;
        let sign = if is_most { "≤" } else { "≥" };
        let is_reached = if is_most { ratio <= limit } else { ratio >= limit };
        let measured = format!(r#""value":{value:.2},"unit":"{unit}","baseline":{baseline:.2}"#);
        let aim = format!(r#""ratio":{ratio:.3},"reach":"{sign} {limit}","reached":{is_reached}"#);
        println!(r#"{{"figure":"{name}",{measured},{aim}}}"#);
    }
}
