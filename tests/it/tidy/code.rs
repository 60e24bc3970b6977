//! Blanks out what is not code: comments, strings and characters. What is left can be searched for
//! words and counted by braces.

/// The text with comments, strings and character literals blanked; lines and columns stay.
pub(super) fn of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let end = end_of_blank(&chars, at);
        if end == at {
            code.push(c);
            at += 1;
        } else {
            let blank = |c: &char| if *c == '\n' { '\n' } else { ' ' };
            code.extend(chars.get(at..end).unwrap_or_default().iter().map(blank));
            at = end;
        }
    }
    code
}

/// Where the comment or the literal that begins at `at` ends; `at` itself when there is none.
fn end_of_blank(chars: &[char], at: usize) -> usize {
    let next = |ahead: usize| chars.get(at + ahead).copied().unwrap_or('\0');
    let is_word_before = at > 0 && is_word(chars.get(at - 1).copied().unwrap_or(' '));
    match next(0) {
        '/' if next(1) == '/' => line_end(chars, at),
        '/' if next(1) == '*' => block_end(chars, at),
        '"' => string_end(chars, at + 1),
        '\'' => char_end(chars, at),
        'r' | 'b' | 'c' if !is_word_before => raw_end(chars, at),
        _ => at,
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_end(chars: &[char], at: usize) -> usize {
    let rest = chars.iter().skip(at);
    at + rest.take_while(|c| **c != '\n').count()
}

fn block_end(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0_u32;
    while at < chars.len() {
        match (chars.get(at), chars.get(at + 1)) {
            (Some('/'), Some('*')) => {
                depth += 1;
                at += 2;
            }
            (Some('*'), Some('/')) => {
                depth -= 1;
                at += 2;
            }
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

/// Where a string ends whose first character stands at `at`.
fn string_end(chars: &[char], mut at: usize) -> usize {
    while let Some(c) = chars.get(at) {
        match c {
            '"' => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    chars.len()
}

/// Where a character literal ends; `at` when it is a lifetime or a label.
fn char_end(chars: &[char], at: usize) -> usize {
    if chars.get(at + 1) != Some(&'\\') {
        return if chars.get(at + 2) == Some(&'\'') { at + 3 } else { at };
    }
    let rest = chars.iter().skip(at + 3);
    at + 3 + rest.take_while(|c| **c != '\'').count() + 1
}

/// Where a literal with a prefix ends (`r"…"`, `br#"…"#`, `b"…"`, `b'…'`); `at` when it is none.
fn raw_end(chars: &[char], at: usize) -> usize {
    let prefix = chars.iter().skip(at).take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
    let hashes = chars.iter().skip(at + prefix).take_while(|c| **c == '#').count();
    let is_raw = chars.get(at + prefix - 1) == Some(&'r');
    let open = at + prefix + hashes;
    match chars.get(open) {
        Some('"') if is_raw => raw_string_end(chars, open + 1, hashes),
        Some('"') if hashes == 0 => string_end(chars, open + 1),
        Some('\'') if hashes == 0 && chars.get(at) == Some(&'b') && prefix == 1 => {
            char_end(chars, open)
        }
        _ => at,
    }
}

fn raw_string_end(chars: &[char], mut at: usize, hashes: usize) -> usize {
    while at < chars.len() {
        let closing = chars.iter().skip(at + 1).take(hashes).filter(|c| **c == '#').count();
        if chars.get(at) == Some(&'"') && closing == hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    chars.len()
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn comments_are_blanked() {
        assert_eq!(of("a // b {\nc"), "a       \nc");
        assert_eq!(of("a /* { /* } */ \" */ b"), "a                   b");
        assert_eq!(of("a / b"), "a / b");
    }

    #[test]
    fn strings_are_blanked_with_what_looks_like_code_in_them() {
        assert_eq!(of(r#"f("} \" // {", x)"#), "f(           , x)");
        assert_eq!(of("f(\"a\n}\")"), "f(  \n  )");
        assert_eq!(of("f(b\"}\", c\"{\")"), "f(    ,     )");
    }

    #[test]
    fn raw_strings_end_at_their_own_mark() {
        let text = ["r", "#\"", " \" } \\", "\"#", " + r\"\\\" }"].concat();
        assert_eq!(of(&text).trim_start(), "+      }");
        assert_eq!(of("br##\"}\"#}\"##{"), "            {");
    }

    #[test]
    fn raw_identifiers_and_words_that_begin_alike_are_code() {
        assert_eq!(of("r#fn bar cr b"), "r#fn bar cr b");
        assert_eq!(of("for x in br {}"), "for x in br {}");
    }

    #[test]
    fn characters_are_blanked_and_lifetimes_are_not() {
        assert_eq!(of("['{', '\\'', '\\u{7d}', b'}', '\"']"), "[   ,     ,         ,     ,    ]");
        assert_eq!(of("fn f<'a, 'b>(x: &'a str) { 'l: loop {} }").matches('\'').count(), 4);
    }

    #[test]
    fn what_never_ends_is_blanked_to_the_end() {
        for text in ["\"{", "/* {", "r#\"{", "'\\", "b\"{\\"] {
            assert!(!of(text).contains('{'), "{text}");
        }
    }
}
