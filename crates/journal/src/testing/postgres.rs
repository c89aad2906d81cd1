//! PostgreSQL servers of one's own, on a Unix socket in a temporary folder.

use std::{
    fs::{self, File},
    io::{Error, Read as _, Result},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use super::TestFolder;

/// Tries at [`PAUSE`] each before a server is given up: half a minute on a quiet machine.
const TRIES: u32 = 1500;
const PAUSE: Duration = Duration::from_millis(20);
/// The name of the server's only role, who may do everything.
const ROLE: &str = "lifeline";

/// Waits on its input and stops the server when that ends: so no server outlives its test, however the test ends.
const KEEPER: &str = r#"
"$@" </dev/null &
server=$!
echo $server
read -r how || how=QUIT
kill -"$how" $server
wait $server
"#;

/// A running PostgreSQL server with nothing in it, reachable only through a socket in its own folder; stopped and
/// deleted when dropped. Makes its servers from a template that is built once for each version and user.
#[derive(Debug)]
pub struct TestPostgres {
    folder: TestFolder,
    keeper: Option<Child>,
}

impl TestPostgres {
    /// Starts one.
    ///
    /// # Errors
    /// PostgreSQL is not installed (the message says what to run), or it does not start.
    pub fn start() -> Result<Self> {
        let template = template()?;
        let folder = TestFolder::new()?;
        let user = server_user()?;
        if let Some(user) = &user {
            chown(folder.path(), Some(user.uid), Some(user.gid))?;
        }
        run(as_server("cp", user.as_ref())
            .arg("-a")
            .arg(template)
            .arg(folder.path().join("data")))?;
        let mut server = Self {
            folder,
            keeper: None,
        };
        server.restart()?;
        Ok(server)
    }

    /// The address of a database of this server. `postgres` exists; see [`TestPostgres::create_database`].
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.path().display().to_string();
        format!(
            "postgres://{ROLE}@{}/{database}",
            folder.replace('/', "%2F")
        )
    }

    /// The folder with the server's data, its log and its socket.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Makes an empty database and gives its address.
    ///
    /// # Errors
    /// The server is stopped, or has a database of that name.
    pub async fn create_database(&self, name: &str) -> Result<String> {
        let (client, connection) =
            tokio_postgres::connect(&self.url("postgres"), tokio_postgres::NoTls)
                .await
                .map_err(Error::other)?;
        let connection = tokio::spawn(connection);
        client
            .batch_execute(&format!(
                "CREATE DATABASE \"{}\"",
                name.replace('"', "\"\"")
            ))
            .await
            .map_err(Error::other)?;
        drop(client);
        connection.await?.map_err(Error::other)?;
        Ok(self.url(name))
    }

    /// Stops the server as an administrator would, cutting off its clients.
    ///
    /// # Errors
    /// It is stopped already.
    pub fn stop(&mut self) -> Result<()> {
        self.end("INT")
    }

    /// Kills the server as a power cut would, for want of a real one.
    ///
    /// # Errors
    /// It is stopped already.
    pub fn crash(&mut self) -> Result<()> {
        self.end("QUIT")
    }

    /// Starts a stopped server again with what it had.
    ///
    /// # Errors
    /// It runs, or does not start.
    pub fn restart(&mut self) -> Result<()> {
        if self.keeper.is_some() {
            return Err(Error::other("the server runs"));
        }
        let data = self.folder.path().join("data");
        let log = File::create(self.folder.path().join("log"))?;
        let ready = data.join("postmaster.pid");
        let _ = fs::remove_file(&ready);
        let user = server_user()?;
        let mut keeper = as_server("sh", user.as_ref())
            .args(["-c", KEEPER, "keeper"])
            .arg(programs()?.join("postgres"))
            .arg("-D")
            .arg(&data)
            .arg("-k")
            .arg(self.folder.path())
            .args(["-c", "listen_addresses=", "-c", "max_connections=50"])
            // The tests kill processes, not the machine.
            .args(["-c", "fsync=off", "-c", "shared_buffers=16MB"])
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        for _ in 0..TRIES {
            let state = fs::read_to_string(&ready).unwrap_or_default();
            if state
                .lines()
                .nth(7)
                .is_some_and(|line| line.trim() == "ready")
            {
                self.keeper = Some(keeper);
                return Ok(());
            }
            if keeper.try_wait()?.is_some() {
                break;
            }
            sleep(PAUSE);
        }
        drop(keeper.stdin.take());
        keeper.wait()?;
        let mut log = String::new();
        File::open(self.folder.path().join("log"))?.read_to_string(&mut log)?;
        Err(Error::other(format!("PostgreSQL does not start: {log}")))
    }

    fn end(&mut self, signal: &str) -> Result<()> {
        use std::io::Write as _;
        let Some(mut keeper) = self.keeper.take() else {
            return Err(Error::other("the server is stopped"));
        };
        if let Some(mut input) = keeper.stdin.take() {
            writeln!(input, "{signal}")?;
        }
        keeper.wait()?;
        Ok(())
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        let _ = self.crash();
    }
}

/// The unprivileged user that runs the server when the tests run as root, whom PostgreSQL refuses.
#[derive(Debug)]
struct ServerUser {
    name: String,
    uid: u32,
    gid: u32,
}

fn server_user() -> Result<Option<ServerUser>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd")?;
    let find = |wanted: &str| {
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next().filter(|name| *name == wanted)?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(ServerUser { name, uid, gid })
        })
    };
    find("postgres")
        .or_else(|| find("nobody"))
        .map(Some)
        .ok_or_else(|| Error::other("neither user postgres nor nobody exists to run PostgreSQL"))
}

fn as_server(program: &str, user: Option<&ServerUser>) -> Command {
    match user {
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", &user.name, "--", program]);
            command.current_dir("/");
            command
        }
        None => Command::new(program),
    }
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(Error::other(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    )))
}

/// The folder of the newest PostgreSQL's programs.
fn programs() -> Result<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = installed
        .filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let programs = version.path().join("bin");
            programs
                .join("postgres")
                .exists()
                .then_some((number, programs))
        })
        .filter(|(number, _)| *number >= 15)
        .max();
    newest.map(|(_, programs)| programs).ok_or_else(|| {
        Error::other("PostgreSQL 15 or later is not installed: run script/bootstrap")
    })
}

/// A fresh cluster to copy from: making one takes a second, copying it a moment.
fn template() -> Result<PathBuf> {
    let programs = programs()?;
    let user = server_user()?;
    let own = fs::metadata("/proc/self")?.uid();
    let version = programs
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default();
    let folder = std::env::temp_dir().join(format!(
        "lifeline-test-postgres-{}-{own}",
        version.to_string_lossy()
    ));
    fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    let (making, made) = (folder.join("making"), folder.join("data"));
    if !made.exists() {
        let _ = fs::remove_dir_all(&making);
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        if let Some(user) = &user {
            chown(&folder, Some(user.uid), Some(user.gid))?;
        }
        run(as_server(
            &programs.join("initdb").display().to_string(),
            user.as_ref(),
        )
        .arg("-D")
        .arg(&making)
        .args([
            "-U",
            ROLE,
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
        ])
        .arg("--wal-segsize=1"))?;
        fs::rename(&making, &made)?;
    }
    Ok(made)
}
