//! Measures functions by counting braces in code that has neither comments nor strings.

/// A function: its name, the line on which it begins, and how many lines it has.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) lines: usize,
}

/// All functions with a body.
pub(super) fn of(code: &str) -> Vec<Function> {
    starts(code).filter_map(|start| measure(code, start)).collect()
}

/// Where the word `fn` stands with a name behind it.
fn starts(code: &str) -> impl Iterator<Item = usize> {
    code.match_indices("fn ").map(|(at, _)| at).filter(|at| {
        let before = code.get(..*at).and_then(|text| text.chars().next_back()).unwrap_or(' ');
        !before.is_alphanumeric() && !matches!(before, '_' | '#' | '$')
    })
}

fn measure(code: &str, start: usize) -> Option<Function> {
    let rest = code.get(start + 3..)?;
    let name = rest.split(['(', '<', ' ', '\n']).find(|word| !word.is_empty())?;
    let body = body(rest)?;
    let end = body + length(rest.get(body..)?);
    Some(Function {
        name: name.to_owned(),
        line: code.get(..start)?.matches('\n').count() + 1,
        lines: rest.get(..end)?.matches('\n').count() + 1,
    })
}

/// Where the body begins; none when the function is only declared.
fn body(rest: &str) -> Option<usize> {
    let mut depth = 0_i32;
    let mut last = ' ';
    let mut const_until = 0;
    for (at, c) in rest.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        if at < const_until {
            continue;
        }
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 => return None,
            '{' if depth > 0 || matches!(last, '<' | ',' | '=') => {
                const_until = at + length(rest.get(at..)?);
            }
            '{' => return Some(at),
            _ => {}
        }
        last = c;
    }
    None
}

/// How far it is to the brace that closes the first one.
fn length(text: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{super::code, of};

    fn measured(text: &str) -> Vec<(String, usize, usize)> {
        let functions = of(&code::of(text)).into_iter();
        functions.map(|function| (function.name, function.line, function.lines)).collect()
    }

    fn one(name: &str, line: usize, lines: usize) -> Vec<(String, usize, usize)> {
        vec![(name.to_owned(), line, lines)]
    }

    #[test]
    fn a_function_is_measured_from_its_name_to_its_last_brace() {
        assert_eq!(measured("\nfn f() {\n  1\n}\n"), one("f", 2, 3));
        assert_eq!(measured("pub(crate) async fn f<T>(\n a: T,\n) -> T\n{ a }"), one("f", 1, 4));
        assert_eq!(measured("fn f() {}"), one("f", 1, 1));
    }

    #[test]
    fn braces_in_texts_characters_and_comments_are_not_counted() {
        assert_eq!(measured("fn f() {\n g(\"}\"); // }\n h('}'); /* } */\n}\n}"), one("f", 1, 4));
        let raw = ["fn f() {\n r", "#\"}\"#;\n}\n"].concat();
        assert_eq!(measured(&raw), one("f", 1, 3));
    }

    #[test]
    fn lifetimes_do_not_begin_a_character() {
        assert_eq!(measured("fn f<'a>(x: &'a str) -> &'a str {\n x\n}\n{}"), one("f", 1, 3));
    }

    #[test]
    fn arrays_and_constants_in_the_signature_are_not_the_body() {
        assert_eq!(measured("fn f(a: [u8; 4]) -> [u8; 2] {\n}\n"), one("f", 1, 2));
        assert_eq!(measured("fn f() -> Of<{ N }> {\n}\n"), one("f", 1, 2));
        assert_eq!(
            measured("fn f() -> [u8; { N + 1 }] where T: Of<1, { N }> {\n}\n"),
            one("f", 1, 2)
        );
    }

    #[test]
    fn declarations_pointers_and_names_that_end_alike_have_no_body() {
        assert_eq!(measured("trait T { fn f(&self) -> u8; }"), []);
        assert_eq!(measured("type F = fn (u8) -> u8;\nlet my_fn = {};"), []);
        assert_eq!(measured("impl Fn for X { }"), []);
    }

    #[test]
    fn inner_functions_are_measured_on_their_own_too() {
        let found = measured("fn f() {\n fn g() {\n }\n}\n");
        assert_eq!(found, [("f".to_owned(), 1, 4), ("g".to_owned(), 2, 2)]);
    }

    #[test]
    fn functions_in_macros_are_measured() {
        let text = "macro_rules! m { ($n:ident) => {\n fn $n() {\n  m!({});\n }\n} }";
        assert_eq!(measured(text), one("$n", 2, 3));
    }

    #[test]
    fn a_body_that_never_ends_goes_to_the_end() {
        assert_eq!(measured("fn f() {\n{\n}\n"), one("f", 1, 4));
    }
}
