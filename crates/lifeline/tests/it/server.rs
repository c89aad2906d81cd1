//! The program as a process, and a caller of its API that can be cut off at any moment.

use std::io::{BufRead, BufReader, Error, Read, Result, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

pub const PASSWORD: &str = "correct horse battery";
/// Far longer than any answer takes; so that a test fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A new hospital at an address of a database.
pub fn init(database: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lifeline"))
        .args(["init", "--database", database, "--name", "管理员"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{PASSWORD}").unwrap();
    assert!(child.wait().unwrap().success());
}

/// A running `lifeline serve`; killed when dropped.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts one and waits until it has an address.
    pub fn start(database: &str, name: &str) -> Self {
        Self::configured(database, name, None)
    }

    /// The same with a configuration file, for what flags cannot say.
    pub fn configured(database: &str, name: &str, config: Option<&std::path::Path>) -> Self {
        // A write beyond a limit set on its files must be an error to it, as on a full disk, and not its death.
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_lifeline"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--database", database, "--server-name", name]);
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let mut child = command
            .env("LIFELINE_LOG", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("it starts").unwrap();
            if let Some(address) = line.strip_prefix("http://") {
                break address.to_owned();
            }
        };
        Self { child, address }
    }

    /// kill -9.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it where it stands, or lets it go on: a server that hangs and comes back.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Lets its files grow no further than so many bytes, or without limit: a disk that is full, and one where room was made.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let soft = bytes.map_or("unlimited".to_owned(), |bytes| bytes.to_string());
        let set = Command::new("prlimit")
            .args(["--pid", &self.child.id().to_string()])
            .arg(format!("--fsize={soft}:"))
            .status()
            .unwrap();
        assert!(set.success());
    }

    /// A caller that is signed in as the administrator. Waits until the server may write.
    pub fn caller(&self) -> Caller {
        let start = std::time::Instant::now();
        loop {
            match Caller::sign_in(&self.address) {
                Ok(caller) => return caller,
                Err(error) => assert!(start.elapsed() < PATIENCE, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A signed-in program. Its session survives the server.
#[derive(Clone)]
pub struct Caller {
    address: String,
    cookie: String,
    csrf: String,
}

impl Caller {
    fn sign_in(address: &str) -> Result<Self> {
        let basic = STANDARD.encode(format!("admin:{PASSWORD}"));
        let (status, head, body) = call(
            address,
            &format!("POST /api/session HTTP/1.1\r\nAuthorization: Basic {basic}\r\n"),
            "",
        )?;
        if status != 201 {
            return Err(Error::other(format!("{status} {body}")));
        }
        let cookie = head
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: session="))
            .and_then(|rest| rest.split(';').next())
            .ok_or_else(|| Error::other("no session"))?;
        Ok(Self {
            address: address.to_owned(),
            cookie: cookie.to_owned(),
            csrf: body["csrf"].as_str().unwrap_or_default().to_owned(),
        })
    }

    /// The same session at another server on the same database.
    pub fn at(&self, server: &Server) -> Self {
        Self {
            address: server.address.clone(),
            ..self.clone()
        }
    }

    /// Status and body of the answer to a command, or that there was none.
    pub fn send(&self, id: Uuid, command: &Value) -> Result<(u16, Value)> {
        let body = json!({"id": id, "command": command}).to_string();
        let head = format!(
            "POST /api/commands HTTP/1.1\r\nContent-Type: application/json\r\nCookie: session={}\r\nX-CSRF-Token: {}\r\n",
            self.cookie, self.csrf
        );
        let (status, _, body) = call(&self.address, &head, &body)?;
        Ok((status, body))
    }
}

fn call(address: &str, head: &str, body: &str) -> Result<(u16, String, Value)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{head}Host: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| Error::other("cut off"))?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or_else(|| Error::other("no status"))?;
    // An answer that was cut off in its body is none.
    let body = serde_json::from_str(body).map_err(Error::other)?;
    Ok((status, head.to_ascii_lowercase(), body))
}

/// Waits until a killed server's sessions are gone: what it had already handed to PostgreSQL is committed or not after that, and
/// no more comes.
pub async fn settled(journal: &lifeline_journal::Journal) {
    let Some(postgres) = journal.postgres() else {
        return;
    };
    let client = postgres.pool().get().await.unwrap();
    let older = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND backend_type = 'client backend'
        AND backend_start < (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())";
    let start = std::time::Instant::now();
    while client.query_one(older, &[]).await.unwrap().get::<_, i64>(0) > 0 {
        assert!(
            start.elapsed() < PATIENCE,
            "the dead server's sessions stay"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The command that opens an account: one fact, possible once.
pub fn open_account(login: &str) -> Value {
    json!({"save-user": {
        "user": login, "new": true, "name": "何芳", "latin": "He Fang", "roles": ["nurse"], "location": null,
    }})
}
