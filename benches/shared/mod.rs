//! What the benches share: how a figure is printed.

/// One figure, and the baseline that was measured in the same run.
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// The baseline, in the same unit.
    pub baseline: f64,
    /// What the ratio of the two should reach.
    pub reach: Reach,
}

/// What a ratio should reach.
#[derive(Clone, Copy)]
pub enum Reach {
    /// That much or more.
    AtLeast(f64),
    /// That much or less.
    AtMost(f64),
}

impl Figure {
    /// Prints it as one JSON object on one line.
    pub fn print(&self) {
        let Self { name, value, unit, baseline, reach } = self;
        let ratio = value / baseline;
        let (limit, sign, is_reached) = match *reach {
            Reach::AtLeast(limit) => (limit, "≥", ratio >= limit),
            Reach::AtMost(limit) => (limit, "≤", ratio <= limit),
        };
        println!(
            r#"{{"figure":"{name}","value":{value:.2},"unit":"{unit}","baseline":{baseline:.2},{}}}"#,
            format_args!(r#""ratio":{ratio:.3},"reach":"{sign} {limit}","reached":{is_reached}"#)
        );
    }
}
