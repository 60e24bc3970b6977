//! The real `ax` program: started, asked over TCP, stopped.

use planexe_ax_testkit::Folder;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

/// How long one read from the program may take.
const READ_MS_MAX: u64 = 30_000;

#[test]
fn a_started_server_says_where_it_is_answers_and_stops_when_asked() {
    let mut server = Server::start();
    let (head, body) = server.get("/healthz");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let health: serde_json::Value = serde_json::from_str(&body).expect("a JSON body");
    let expected = serde_json::json!({
        "status": "ok", "version": env!("CARGO_PKG_VERSION"), "database": "sqlite", "position": 0,
    });
    assert_eq!(health, expected);
    assert!(server.get("/nothing").0.starts_with("HTTP/1.1 404"));
    assert_eq!(server.terminate().code(), Some(0));
}

#[test]
fn what_is_printed_first_says_what_to_try_next() {
    let server = Server::start();
    let lines = server.printed.join("\n");
    let address = &server.address;
    assert!(lines.contains(&format!("open:     http://{address}/ in a browser")), "{lines}");
    assert!(lines.contains("database: sqlite:"), "{lines}");
}

#[test]
fn a_wrong_flag_or_value_is_a_usage_error() {
    let wrong = [
        ["--lisen", "127.0.0.1:0"],
        ["--listen", "8000"],
        ["--listen", "0.0.0.0:0"],
        ["--database", "mysql://somewhere/plans"],
        ["--log", "planexe_ax=loudly"],
    ];
    for args in wrong {
        let output = ended(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.starts_with("error: "), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_taken_port_is_named_with_its_own_exit_code() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = ended(&["--listen", &address]);
    assert_eq!(output.status.code(), Some(9));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
}

/// A running `ax serve`; killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    printed: Vec<String>,
    pub(crate) dir: Folder,
}

impl Server {
    fn start() -> Self {
        Self::start_in(Folder::new().expect("the temporary folder can be written"))
    }

    /// One that keeps its files in this folder.
    pub(crate) fn start_in(dir: Folder) -> Self {
        Self::start_changed(dir, |_| {})
    }

    /// One that is told these words besides.
    pub(crate) fn start_with(words: &[&str], dir: Folder) -> Self {
        Self::start_changed(dir, |command| {
            command.args(words);
        })
    }

    /// One whose command is changed before it runs.
    pub(crate) fn start_changed(dir: Folder, change: impl FnOnce(&mut Command)) -> Self {
        let mut command = ax(&["serve", "--listen", "127.0.0.1:0"], &dir);
        change(&mut command);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("ax starts");
        let out = child.stdout.take().expect("its output is piped");
        let mut lines = BufReader::new(out).lines().map_while(Result::ok);
        let until_last = |line: &String| !line.starts_with("stop:");
        let printed: Vec<_> = lines.by_ref().take_while(until_last).collect();
        let first = printed.first().expect("it says where it listens");
        let address = first.rsplit("http://").next().expect("a part").to_owned();
        Self { child, address, printed, dir }
    }

    /// What it says on its error output until it ends, where that is piped.
    pub(crate) fn said(&mut self) -> String {
        let mut said = String::new();
        let errors = self.child.stderr.as_mut().expect("its error output is piped");
        errors.read_to_string(&mut said).expect("it is a text");
        said
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The head and the body of the answer.
    pub(crate) fn get(&self, path: &str) -> (String, String) {
        self.door().get(path)
    }

    /// Sends a request, and reads until the connection is closed.
    pub(crate) fn send(&self, request: &str) -> (String, String) {
        self.door().send(request)
    }

    fn door(&self) -> Door {
        Door { address: self.address.clone() }
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        assert!(sent.success());
        self.child.wait().expect("it ends")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().expect("it runs or has ended: both can be killed");
        self.child.wait().expect("it ends");
    }
}

/// A place where it answers.
struct Door {
    address: String,
}

impl Door {
    fn get(&self, path: &str) -> (String, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
    }

    fn send(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it accepts");
        stream.set_read_timeout(Some(Duration::from_millis(READ_MS_MAX))).expect("not zero");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers in text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        (head.to_owned(), body.to_owned())
    }
}

/// Runs `ax` to its end: for what must not start.
pub(crate) fn ended(args: &[&str]) -> Output {
    let dir = Folder::new().expect("the temporary folder can be written");
    ended_or_killed(&mut ax(args, &dir))
}

/// Waits for the end of what must not start; if it does start, and says where it is, kills it.
pub(crate) fn ended_or_killed(command: &mut Command) -> Output {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("ax starts");
    let mut said = Vec::new();
    let mut out = BufReader::new(child.stdout.take().expect("its output is piped"));
    out.read_until(b'\n', &mut said).expect("its output can be read");
    if !said.is_empty() {
        child.kill().expect("it runs or has ended: both can be killed");
    }
    let ended = child.wait_with_output().expect("it ends");
    Output { stdout: said, ..ended }
}

pub(crate) fn ax(args: &[&str], dir: &Folder) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ax"));
    for name in ["DATABASE_URL", "AX_CONFIG", "AX_LISTEN", "AX_LOG", "AX_LOG_FORMAT"] {
        command.env_remove(name);
    }
    command.env_remove("AX_URL").env_remove("AX_KEY");
    command.env("AX_CONTEXTS", dir.path().join("contexts.json"));
    command.args(args).env("AX_DATA_DIR", dir.path().join("data")).env("AX_DEMO", "false");
    command
}

#[test]
fn metrics_can_have_a_listener_of_their_own_and_are_then_on_no_other() {
    let dir = Folder::new().expect("the temporary folder can be written");
    let server = Server::start_changed(dir, |command| {
        command.env("AX_METRICS_LISTEN", "127.0.0.1:0");
    });
    let printed = server.printed.iter().find_map(|line| line.strip_prefix("metrics:  http://"));
    let apart = printed.and_then(|it| it.strip_suffix("/metrics")).expect("it says where");
    let operators = Door { address: apart.to_owned() };
    let (head, body) = operators.get("/metrics");
    assert!(head.starts_with("HTTP/1.1 200") && body.contains("ax_log_position 0"), "{head}");
    assert!(operators.get("/api/admin/projections").0.starts_with("HTTP/1.1 200"));
    assert!(operators.get("/healthz").0.starts_with("HTTP/1.1 200"));
    let work = "/api/agents/larry/work";
    assert!(operators.get(work).1.contains("nothing at this path"));
    assert!(server.get("/metrics").0.starts_with("HTTP/1.1 404"));
    assert!(server.get("/api/admin/projections").0.starts_with("HTTP/1.1 404"));
    assert!(server.get(work).1.contains("no such agent"));
}
