//! Something that listens where a server should: it answers what it is told to, in turn.

use anyhow::{Context, Result};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// What listens; it is gone with this value.
pub(super) struct Fake {
    pub(super) url: String,
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

/// What ends it.
const END: &str = "GET /end HTTP/1.1";

impl Fake {
    /// One that gives these answers, one a connection; the last one again and again.
    pub(super) fn answering(answers: Vec<String>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let thread = std::thread::spawn(move || {
            let mut answers = answers.into_iter().peekable();
            let mut last = String::new();
            for stream in listener.incoming().map_while(Result::ok) {
                let Ok(request) = read(&stream) else { continue };
                if request.starts_with(END) {
                    return;
                }
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
                last = answers.next().unwrap_or(last);
                // Who hangs up early has had enough.
                (&stream).write_all(last.as_bytes()).unwrap_or_default();
            }
        });
        Ok(Self { url: format!("http://{address}"), address, asked, thread: Some(thread) })
    }

    /// One that says this to whatever is asked.
    pub(super) fn saying(status: &str, kind: &str, body: &str) -> Result<Self> {
        Self::answering(vec![answer(status, kind, body)])
    }

    /// What it was asked, head and body.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let end = TcpStream::connect(&self.address)
            .and_then(|mut stream| stream.write_all(format!("{END}\r\n\r\n").as_bytes()));
        if let (Ok(()), Some(thread)) = (end, self.thread.take()) {
            thread.join().expect("it does not panic");
        }
    }
}

/// A whole answer.
pub(super) fn answer(status: &str, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\
         \r\n{body}",
        body.len()
    )
}

fn read(stream: &TcpStream) -> Result<String> {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        if reader.read_line(&mut request)? == 0 {
            break;
        }
    }
    let length = request.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
    });
    let mut body = vec![0; length.unwrap_or_default()];
    reader.read_exact(&mut body).context("the body is not whole")?;
    Ok(request + &String::from_utf8_lossy(&body))
}
