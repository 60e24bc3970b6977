//! Reads the words after a task's name.

use anyhow::{Context, bail};

/// The words after a task's name that nothing has taken yet.
pub(crate) struct Args(Vec<String>);

impl Args {
    /// Starts with all words.
    pub(crate) fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    /// Prints the usage and says so, when it is asked for.
    pub(crate) fn help(&self, usage: &str) -> bool {
        let is_asked = self.0.iter().any(|word| word == "--help" || word == "-h");
        if is_asked {
            print!("{usage}");
        }
        is_asked
    }

    /// Takes a flag; whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let found = self.0.iter().position(|word| word == name);
        found.map(|at| self.0.remove(at)).is_some()
    }

    /// Takes `name N` or `name=N`.
    pub(crate) fn number(&mut self, name: &str) -> anyhow::Result<Option<u64>> {
        let Some(value) = self.text(name)? else { return Ok(None) };
        value.parse().map(Some).with_context(|| format!("{name} needs a number, not `{value}`"))
    }

    /// Takes `name TEXT` or `name=TEXT`.
    pub(crate) fn text(&mut self, name: &str) -> anyhow::Result<Option<String>> {
        let Some(at) = self.0.iter().position(|word| word.split('=').next() == Some(name)) else {
            return Ok(None);
        };
        let word = self.0.remove(at);
        match word.split_once('=') {
            Some((_, value)) => Ok(Some(value.to_owned())),
            None if at < self.0.len() => Ok(Some(self.0.remove(at))),
            None => bail!("{name} needs a value"),
        }
    }

    /// Takes the one name that may be left; anything more is refused.
    pub(crate) fn name(mut self) -> anyhow::Result<Option<String>> {
        if let Some(unknown) = self.0.iter().find(|word| word.starts_with('-')) {
            bail!("`{unknown}` is not known here: see --help");
        }
        if self.0.len() > 1 {
            bail!("one name at most, not `{}`", self.0.join(" "));
        }
        Ok(self.0.pop())
    }

    /// Refuses whatever is left.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        match self.name()? {
            Some(word) => bail!("`{word}` is not known here: see --help"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Args;

    fn args(words: &[&str]) -> Args {
        Args::new(words.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn flags_numbers_and_a_name_are_taken_in_any_order() {
        let mut args = args(&["archive", "--seeds", "7", "--json", "--seconds=60"]);
        assert!(args.flag("--json"));
        assert_eq!(args.number("--seeds").expect("a number"), Some(7));
        assert_eq!(args.number("--seconds").expect("a number"), Some(60));
        assert_eq!(args.name().expect("one name").as_deref(), Some("archive"));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        assert!(args(&["--jsno"]).end().is_err());
        assert!(args(&["one", "two"]).name().is_err());
        assert!(args(&["--seeds"]).number("--seeds").is_err());
        assert!(args(&["--seeds", "many"]).number("--seeds").is_err());
    }
}
