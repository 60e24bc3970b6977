//! Whether bytes are JSON that can be read in one way only, and are not built to hurt.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

/// How deep JSON may be.
pub const DEPTH_MAX: usize = 64;
/// Beyond this, readers in other languages would round.
const EXACT_MAX: u64 = 1 << 53;

/// How large the parts of JSON may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How many elements a list may have.
    pub elements_max: usize,
    /// How many names an object may have.
    pub names_max: usize,
    /// How long a text may be.
    pub text_bytes_max: usize,
}

impl Bounds {
    /// Those of a request.
    pub const REQUEST: Self =
        Self { elements_max: 10_000, names_max: 1_000, text_bytes_max: 256 * 1024 };
    /// Those of a plan: as many tasks and dependencies as the law takes.
    pub const PLAN: Self = Self {
        elements_max: planexe_ax_domain::plan::DEPENDENCIES_MAX,
        names_max: 10_000,
        text_bytes_max: 256 * 1024,
    };
    /// Those of a file that a run left, or of many such files in one: prompts are long.
    pub const RUN: Self = Self {
        elements_max: planexe_ax_domain::plan::DEPENDENCIES_MAX,
        names_max: 10_000,
        text_bytes_max: crate::FILE_BYTES_MAX,
    };
}

/// Why JSON is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotPlain {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

/// Looks at all of it.
pub fn check(body: &[u8], bounds: Bounds) -> Result<(), NotPlain> {
    let finding = RefCell::new(None);
    let walk = Walk { path: &RefCell::default(), finding: &finding, depth: 0, bounds };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let walked = walk.deserialize(&mut reader).and_then(|()| reader.end());
    walked.map_err(|error| {
        let found = finding.into_inner();
        found.unwrap_or_else(|| NotPlain { pointer: String::new(), message: error.to_string() })
    })
}

/// A walk through a value: where it is, and what it found.
#[derive(Clone, Copy)]
struct Walk<'a> {
    path: &'a RefCell<Vec<String>>,
    finding: &'a RefCell<Option<NotPlain>>,
    depth: usize,
    bounds: Bounds,
}

impl Walk<'_> {
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn refuse<E: Error>(&self, message: String) -> E {
        let path = self.path.borrow();
        let pointer = path.iter().map(|name| format!("/{}", escaped(name))).collect();
        let error = E::custom(&message);
        self.finding.replace(Some(NotPlain { pointer, message }));
        error
    }

    fn enter<E: Error>(&self) -> Result<(), E> {
        if self.depth < DEPTH_MAX {
            return Ok(());
        }
        Err(self.refuse(format!("this is nested more than {DEPTH_MAX} deep")))
    }

    fn text<E: Error>(&self, text: &str) -> Result<(), E> {
        if text.contains('\0') {
            return Err(self.refuse("a text must not hold NUL".to_owned()));
        }
        let max = self.bounds.text_bytes_max;
        if text.len() > max {
            return Err(self.refuse(format!("a text has at most {max} bytes")));
        }
        Ok(())
    }
}

/// A name as it stands in a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        if number.is_finite() {
            return Ok(());
        }
        Err(self.refuse("a number must be finite".to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        if number <= EXACT_MAX {
            return Ok(());
        }
        Err(self.refuse(format!("{number} is too large to be kept exactly: send it as a text")))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        if number.unsigned_abs() <= EXACT_MAX {
            return Ok(());
        }
        Err(self.refuse(format!("{number} is too small to be kept exactly: send it as a text")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.enter()?;
        let max = self.bounds.elements_max;
        for place in 0.. {
            self.path.borrow_mut().push(place.to_string());
            if place > max {
                return Err(self.refuse(format!("a list has at most {max} elements")));
            }
            if list.next_element_seed(self.deeper())?.is_none() {
                break;
            }
            self.path.borrow_mut().pop();
        }
        self.path.borrow_mut().pop();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut names = BTreeSet::new();
        while let Some(name) = object.next_key::<String>()? {
            self.path.borrow_mut().push(name.clone());
            self.text(&name)?;
            if !names.insert(name) {
                return Err(self.refuse("this name stands twice in its object".to_owned()));
            }
            let max = self.bounds.names_max;
            if names.len() > max {
                return Err(self.refuse(format!("an object has at most {max} names")));
            }
            object.next_value_seed(self.deeper())?;
            self.path.borrow_mut().pop();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pointer(body: &str) -> Option<String> {
        check(body.as_bytes(), Bounds::REQUEST).err().map(|found| found.pointer)
    }

    #[test]
    fn plain_bodies_are_taken() {
        for body in [r#"{"a":[1,-2,3.5,null,true,"ä\u00e4"],"b":{"a":{}}}"#, "[]", "1", r#""""#] {
            assert_eq!(check(body.as_bytes(), Bounds::REQUEST), Ok(()), "{body}");
        }
        let deep = "[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX);
        assert_eq!(check(deep.as_bytes(), Bounds::REQUEST), Ok(()));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused_where_it_stands() {
        for (body, wanted) in [
            (r#"{"a":1,"b":{"c":2,"c":3}}"#, "/b/c"),
            (r#"{"a":["x","nul \u0000"]}"#, "/a/1"),
            (r#"{"a/b~c":9007199254740993}"#, "/a~1b~0c"),
            (r#"[-9007199254740993]"#, "/0"),
        ] {
            assert_eq!(pointer(body).as_deref(), Some(wanted), "{body}");
        }
        for body in [r#"{"a":"\ud800"}"#, "NaN", "[1e999]", r#"{"a":1}{}"#, "{", "\"\u{1}\"", ""] {
            assert_eq!(pointer(body).as_deref(), Some(""), "{body}");
        }
        assert!(check(b"\"\xff\"", Bounds::REQUEST).is_err(), "no text at all");
    }

    #[test]
    fn what_is_built_to_hurt_is_refused() {
        let deep = "[".repeat(DEPTH_MAX + 1) + &"]".repeat(DEPTH_MAX + 1);
        let Bounds { elements_max, names_max, text_bytes_max } = Bounds::REQUEST;
        let long = format!("[{}1]", "1,".repeat(elements_max));
        let names: Vec<_> = (0..=names_max).map(|name| format!("\"{name}\":1")).collect();
        let text = "x".repeat(text_bytes_max + 1);
        for body in [deep, long, format!("{{{}}}", names.join(",")), format!("\"{text}\"")] {
            assert!(check(body.as_bytes(), Bounds::REQUEST).is_err(), "{} bytes", body.len());
        }
    }
}
