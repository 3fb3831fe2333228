//! The peers: an empty poem handler in a process of its own, and nginx.

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn answers(url: &str) -> Result<()> {
    for _ in 0..200 {
        if reqwest::get(url).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    anyhow::bail!("{url} does not answer")
}

/// Serves nothing but `ok`, until it is killed.
pub fn serve_empty(address: &str) -> Result<()> {
    #[poem::handler]
    fn empty() -> &'static str {
        "ok"
    }
    let listener = poem::listener::TcpListener::bind(address.to_owned());
    let server = poem::Server::new(listener).run(poem::Route::new().at("/", poem::get(empty)));
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(server)?)
}

/// A process that is ended with its handle. It is asked, not killed: nginx has to end its workers.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let asked = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        match asked.map(|pid| kill_process(pid, Signal::TERM)) {
            Some(Ok(())) => {}
            Some(Err(_)) | None => drop(self.0.kill()),
        }
        drop(self.0.wait());
    }
}

pub struct Empty {
    url: String,
    _process: Running,
}

impl Empty {
    pub async fn start() -> Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let process = Command::new(std::env::current_exe()?).args(["empty-handler", &address]).spawn()?;
        let url = format!("http://{address}");
        let empty = Self { url, _process: Running(process) };
        answers(&empty.url).await?;
        Ok(empty)
    }
    pub fn url(&self) -> &str {
        &self.url
    }
}

pub struct Nginx {
    url: String,
    process: Running,
}

impl Nginx {
    /// nginx as Debian ships it (sendfile on), serving this recording; nothing where there is no nginx.
    pub async fn start(dir: &Path, recording: &[u8]) -> Result<Option<Self>> {
        let root = dir.join("nginx");
        std::fs::create_dir_all(root.join("www"))?;
        std::fs::write(root.join("www/recording.wav"), recording)?;
        let port = free_port()?;
        let root_path = root.display();
        let config = format!(
            "daemon off; worker_processes 2; pid {root_path}/pid; error_log {root_path}/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;\n\
             client_body_temp_path {root_path}; proxy_temp_path {root_path}; fastcgi_temp_path {root_path};\n\
             uwsgi_temp_path {root_path}; scgi_temp_path {root_path};\n\
             server {{ listen 127.0.0.1:{port}; root {root_path}/www; }} }}\n"
        );
        std::fs::write(root.join("nginx.conf"), config)?;
        // Its workers run as another user, who must be able to read the file.
        make_readable(dir)?;
        let program = ["/usr/sbin/nginx", "nginx"]
            .into_iter()
            .find(|name| Command::new(name).arg("-v").output().is_ok());
        let Some(program) = program else { return Ok(None) };
        let process =
            Command::new(program).arg("-c").arg(root.join("nginx.conf")).stderr(Stdio::null()).spawn()?;
        let nginx = Self { url: format!("http://127.0.0.1:{port}"), process: Running(process) };
        answers(&format!("{}/recording.wav", nginx.url)).await?;
        Ok(Some(nginx))
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// The master and its workers.
    pub fn pids(&self) -> Result<Vec<u32>> {
        let master = self.process.0.id();
        let children = std::fs::read_to_string(format!("/proc/{master}/task/{master}/children"))?;
        let workers: Vec<u32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
        ensure!(!workers.is_empty(), "nginx has no workers");
        Ok(std::iter::once(master).chain(workers).collect())
    }
}

fn make_readable(dir: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let readable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(dir, readable).context("the directory of the bench cannot be opened to nginx")
}
