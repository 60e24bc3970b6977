//! Rows as PostgreSQL takes them in bulk: a new table is filled several times as fast as by
//! statements.

use crate::projections::{Mark, Row, Value};
use crate::store::rows::to_row;

/// What such a stream begins with: a signature, no flags, no extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// What it ends with: a row of minus one columns.
const END: [u8; 2] = (-1_i16).to_be_bytes();
/// About how many bytes a cell takes.
const CELL_BYTES: usize = 24;

/// Rows of a table with their marks, as one stream.
pub(super) fn stream_of(rows: &[(Row, Mark)]) -> Vec<u8> {
    let cells = rows.first().map_or(0, |(row, _)| row.len() + 2);
    let mut stream = Vec::with_capacity(rows.len() * cells * CELL_BYTES);
    stream.extend_from_slice(HEAD);
    let columns = i16::try_from(cells).unwrap_or(i16::MAX).to_be_bytes();
    for (row, mark) in rows {
        stream.extend_from_slice(&columns);
        for cell in row {
            match cell {
                Value::Null => stream.extend_from_slice(&(-1_i32).to_be_bytes()),
                Value::Integer(number) => put(&mut stream, &number.to_be_bytes()),
                Value::Text(text) => put(&mut stream, text.as_bytes()),
            }
        }
        put(&mut stream, &to_row(mark.position).to_be_bytes());
        put(&mut stream, &mark.at.unix_ms().to_be_bytes());
    }
    stream.extend_from_slice(&END);
    stream
}

fn put(stream: &mut Vec<u8>, cell: &[u8]) {
    let length = i32::try_from(cell.len()).unwrap_or(i32::MAX);
    stream.extend_from_slice(&length.to_be_bytes());
    stream.extend_from_slice(cell);
}
