//! What may have been meant where there is no execution of that name.

use crate::cli::remote::failed;
use crate::exit::{Exit, Failure};
use anyhow::anyhow;
use planexe_ax_client::{Client, ClientError, ExecutionFilter};

/// How many letters two names may differ in.
const TYPOS_MAX: usize = 3;
/// How many executions are looked through.
const NAMES_MAX: u32 = 500;

/// The answer; where there is no such execution, the failure says which one is called almost so.
pub(in crate::cli) async fn or_near<T>(
    client: &Client,
    execution_id: &str,
    answer: Result<T, ClientError>,
) -> Result<T, Failure> {
    let error = match answer {
        Ok(answer) => return Ok(answer),
        Err(error) => error,
    };
    let filter = ExecutionFilter { limit: Some(NAMES_MAX), ..ExecutionFilter::default() };
    if !error.has_code("not_found") {
        return Err(failed(error));
    }
    let known = client.executions(&filter).await.map(|page| page.entries).unwrap_or_default();
    let names = known.iter().map(|execution| execution.execution_id.as_str());
    let near = names.map(|name| (distance(name, execution_id), name)).min();
    let failure = failed(error);
    match near.filter(|(typos, _)| (1..=TYPOS_MAX).contains(typos)) {
        Some((_, name)) => {
            let told = format!("{}: did you mean {name}?", failure.error);
            Err(Exit::NotFound.because(anyhow!(told)))
        }
        None => Err(failure),
    }
}

/// In how many letters two names differ.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = at;
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
        for (place, known) in other.iter().enumerate() {
            let (left, above) = (row[place], row[place + 1]);
            let same = before + usize::from(letter != *known);
            before = above;
            row[place + 1] = same.min(left + 1).min(above + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn names_differ_in_letters_left_out_put_in_and_changed() {
        assert_eq!(distance("exec_1", "exec_1"), 0);
        assert_eq!(distance("exec_1", "exce_1"), 2);
        assert_eq!(distance("exec_1", "exec1"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
