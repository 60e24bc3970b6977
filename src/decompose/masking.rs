//! Keeps addresses, phone numbers and secrets out of what a language model is asked: it works with
//! their stand-ins, and what it answers is given the real ones again.

use crate::scan;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a secret becomes; it does not come back.
const SECRET: &str = "[SECRET]";
/// How keys begin that are known to be secret.
const SECRET_STARTS: [&str; 12] = [
    "ax_",
    "sk-",
    "sk_live_",
    "pk_live_",
    "AKIA",
    "ASIA",
    "ghp_",
    "gho_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "whsec_",
];
/// How many characters a key has at least.
const SECRET_CHARS_MIN: usize = 16;
/// How an armoured key begins, and how it ends.
const ARMOUR: [&str; 2] = ["-----BEGIN", "-----END"];

/// The stand-ins that were given, and what they stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masking {
    stand_ins: BTreeMap<String, String>,
    real: BTreeMap<String, String>,
    emails: usize,
    phones: usize,
}

impl Masking {
    /// The text with stand-ins in place of addresses and phone numbers, and without secrets.
    pub fn mask(&mut self, text: &str) -> String {
        let text = without_secrets(text);
        let text = self.replace(&text, "EMAIL", &scan::emails(&text));
        let phones = scan::phones(&text);
        self.replace(&text, "PHONE", &phones)
    }

    fn replace(&mut self, text: &str, kind: &'static str, found: &[Range<usize>]) -> String {
        let mut masked = String::with_capacity(text.len());
        let mut rest = 0;
        for at in found {
            masked.push_str(text.get(rest..at.start).unwrap_or_default());
            masked.push_str(&self.stand_in(kind, text.get(at.clone()).unwrap_or_default()));
            rest = at.end;
        }
        masked.push_str(text.get(rest..).unwrap_or_default());
        masked
    }

    fn stand_in(&mut self, kind: &'static str, real: &str) -> String {
        if let Some(known) = self.stand_ins.get(real) {
            return known.clone();
        }
        let count = if kind == "EMAIL" { &mut self.emails } else { &mut self.phones };
        *count += 1;
        let name = format!("[{kind}_{count}]");
        self.stand_ins.insert(real.to_owned(), name.clone());
        self.real.insert(name.clone(), real.to_owned());
        name
    }

    /// The text with the real addresses again; or the address that was made up.
    pub fn unmask(&self, text: &str) -> Result<String, String> {
        let invented = scan::emails(text).into_iter().chain(scan::phones(text)).next();
        if let Some(invented) = invented.and_then(|at| text.get(at)) {
            return Err(invented.to_owned());
        }
        let mut whole = text.to_owned();
        for (stand_in, real) in &self.real {
            whole = whole.replace(stand_in, real);
        }
        match unknown_stand_in(&whole) {
            Some(unknown) => Err(unknown.to_owned()),
            None => Ok(whole),
        }
    }
}

/// A stand-in that was never given.
fn unknown_stand_in(text: &str) -> Option<&str> {
    ["[EMAIL_", "[PHONE_"].iter().find_map(|start| {
        let at = text.find(start)?;
        let rest = text.get(at..)?;
        rest.get(..rest.find(']')? + 1)
    })
}

/// The text with what looks like a secret taken out.
fn without_secrets(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(ARMOUR[0]) {
        let (before, armoured) = rest.split_at(at);
        kept.push_str(before);
        kept.push_str(SECRET);
        let end = armoured.find(ARMOUR[1]).map_or(armoured.len(), |end| {
            let behind = armoured.get(end + ARMOUR[1].len()..).unwrap_or_default();
            let line = behind.find('\n').unwrap_or(behind.len());
            end + ARMOUR[1].len() + line
        });
        rest = armoured.get(end..).unwrap_or_default();
    }
    kept.push_str(rest);
    let is_end = |c: char| c.is_whitespace() || "\"'`,;()<>=".contains(c);
    let mut clean = String::with_capacity(kept.len());
    for piece in kept.split_inclusive(is_end) {
        let word = piece.trim_end_matches(is_end);
        clean.push_str(if is_secret(word) { SECRET } else { word });
        clean.push_str(piece.get(word.len()..).unwrap_or_default());
    }
    clean
}

fn is_secret(word: &str) -> bool {
    let is_key = SECRET_STARTS.iter().any(|start| word.starts_with(start));
    let is_token = word.starts_with("eyJ") && word.matches('.').count() == 2;
    word.len() >= SECRET_CHARS_MIN && (is_key || is_token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_go_out_as_stand_ins_and_come_back() {
        let mut masking = Masking::default();
        let text = "Carol: carol@farm.example, 860-455-9416; again carol@farm.example";
        let masked = masking.mask(text);
        assert_eq!(masked, "Carol: [EMAIL_1], [PHONE_1]; again [EMAIL_1]");
        assert_eq!(masking.unmask(&masked).as_deref(), Ok(text));
    }

    #[test]
    fn what_a_model_makes_up_does_not_come_back() {
        let mut masking = Masking::default();
        masking.mask("carol@farm.example");
        for invented in ["evil@x.example", "+1 555 555 5555", "[EMAIL_2]", "[PHONE_1]"] {
            let refused = masking.unmask(&format!("Write to {invented} now"));
            assert_eq!(refused, Err(invented.to_owned()));
        }
    }

    #[test]
    fn secrets_do_not_go_out_at_all() {
        let token = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxIn0", "c2lnbmF0dXJl"].join(".");
        let armoured =
            ["-----BEGIN RSA", " KEY-----\nMIIE\n-----END RSA", " KEY-----\nrest"].concat();
        for secret in ["sk-aaaaaaaaaaaaaaaaaaaa", "AKIAAAAAAAAAAAAAAAAA", &token, &armoured] {
            let masked = Masking::default().mask(&format!("the key={secret} of us"));
            assert!(masked.contains(SECRET) && !masked.contains("MIIE"), "{masked}");
            assert!(!masked.contains(&secret[..16]) && masked.starts_with("the key="), "{masked}");
        }
        assert_eq!(Masking::default().mask("ax_1 is no key"), "ax_1 is no key");
    }
}
