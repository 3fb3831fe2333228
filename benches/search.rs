//! Search at 100,000 comments with 8 clients: a search of the service (membership read, filter inside the query, counts and
//! facets, hits read and authorized again, snippets) against a bare tantivy query for the same words on the same index. The
//! same over HTTP is printed beside. Interleaved rounds in one run; the ratio of the p99 counts.
//!
//! `cargo bench --bench search`; `BACKLINE_BENCH_COMMENTS` makes it smaller.

use anyhow::{Context, Result, ensure};
use backline::{
    app::{Server, World},
    config::{Config, Switch},
};
use model::{
    ProjectId,
    access::Role,
    account::{InstanceRole, RegistrationPolicy},
    text::{CommentText, Email, PersonName, ProjectName},
};
use serde_json::{Value, json};
use service::{
    Caller, Ctx, NewUser, Password, comment::NewComment, page::PageRequest, project::NewProject,
    search::SearchQuery,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tantivy::{
    Index, IndexReader, Term,
    collector::TopDocs,
    query::{BooleanQuery, Query, TermQuery},
    schema::IndexRecordOption,
};

const COMMENTS: usize = 100_000;
const PROJECTS: usize = 20;
const CLIENTS: usize = 8;
const ROUNDS: usize = 5;
/// Searches of one client in one round.
const SEARCHES: usize = 100;
const LIMIT: usize = 20;
const VOCABULARY: u64 = 3_000;
/// Words of a lower rank are in every other comment: nobody searches for them.
const COMMON: u64 = 10;
/// Of so many comments one is remembered, to search for its words.
const REMEMBERED: usize = 50;
const PASSWORD: &str = "four strings, one groove";

fn main() -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(bench())
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 33).unwrap_or_default()) / f64::from(1u32 << 31)
    }
    /// The rank of a word, common ones more often (Zipf).
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rank below 3,000")]
    fn rank(&mut self) -> u64 {
        (VOCABULARY as f64).powf(self.roll()) as u64
    }
    /// Words to search for: one or two that somebody said in one comment, but for those that are in every other one.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of a short list")]
    fn words(&mut self, said: &[Vec<u64>]) -> Vec<String> {
        let comment = &said[(self.roll() * said.len() as f64) as usize];
        let telling = comment.iter().filter(|rank| **rank >= COMMON);
        let count = if self.roll() < 0.5 { 1 } else { 2 };
        telling.take(count).map(|rank| word(*rank)).collect()
    }
}

/// The word of a rank: letters that no stemmer touches, and few words that differ in one letter, as in a language.
fn word(rank: u64) -> String {
    let mut dice = Dice(rank.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut letter = |letters: &[u8]| {
        dice.roll();
        char::from(letters[(dice.0 >> 33) as usize % letters.len()])
    };
    let syllables = (0..3).flat_map(|_| [letter(b"bcdfghjklmnpqrtvwxz"), letter(b"aeiou")]);
    syllables.chain(['o']).collect()
}

async fn bench() -> Result<()> {
    let comments = std::env::var("BACKLINE_BENCH_COMMENTS").map_or(Ok(COMMENTS), |text| text.parse())?;
    println!("load average {}", load_average());
    let dir = tempfile::tempdir()?;
    let config = Config {
        data_dir: dir.path().join("data"),
        listen: "127.0.0.1:0".parse()?,
        registration: Some(RegistrationPolicy::Open),
        rate_limit: Switch::Off,
        ..Config::default()
    };
    let server = Arc::new(Server::start(&config, World::real(&config)?).await?);
    let (token, ada) = person(&server, "ada").await?;
    let (_, ben) = person(&server, "ben").await?;
    let said = fill(&server, &ada, &ben, comments).await?;
    let reader = Index::open_in_dir(config.data_dir.join("search"))?.reader()?;
    println!(
        "{comments} comments, {} documents, {} segments",
        reader.searcher().num_docs(),
        reader.searcher().segment_readers().len()
    );

    let (mut ours, mut bare, mut http) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS as u64 {
        bare.extend(clients(round, &said, |words| bare_query(reader.clone(), words)).await?);
        ours.extend(
            clients(round, &said, |words| of_service(Arc::clone(&server), ada.clone(), words)).await?,
        );
        let client = reqwest::Client::new();
        let url = format!("http://{}", server.address());
        http.extend(
            clients(round, &said, |words| over_http(client.clone(), url.clone(), token.clone(), words))
                .await?,
        );
    }
    let (ours, bare, http) = (quantiles(ours), quantiles(bare), quantiles(http));
    println!("             p50 ms    p99 ms");
    for (name, (p50, p99)) in [("bare tantivy", bare), ("search", ours), ("over HTTP", http)] {
        println!("{name:<12} {p50:>6.2}    {p99:>6.2}");
    }
    println!("p99 of search / bare {:.2} (must be ≤ 4); aim 20 ms", ours.1 / bare.1);
    println!("load average {}", load_average());
    Arc::into_inner(server).context("a client still holds the server")?.stop().await;
    Ok(())
}

/// Somebody, their token, and the circumstances of their requests.
async fn person(server: &Server, name: &str) -> Result<(String, Ctx)> {
    let instance = server.instance();
    let operator = instance.operator();
    let fault = |fault: model::violation::Fault| anyhow::anyhow!("{fault:?}");
    let new = NewUser {
        email: Email::parse(&format!("{name}@example.org")).map_err(fault)?,
        name: PersonName::parse(name).map_err(fault)?,
        role: InstanceRole::Member,
        password: Some(Password::parse(PASSWORD).map_err(fault)?),
    };
    instance.service.create_user_offline(&operator, &new).await?;
    let login = json!({"email": format!("{name}@example.org"), "password": PASSWORD});
    let url = format!("http://{}/api/v1/auth/login", server.address());
    let answer: Value =
        reqwest::Client::new().post(url).json(&login).send().await?.error_for_status()?.json().await?;
    let token = answer["access_token"].as_str().context("a token")?.to_owned();
    let login = instance.service.authenticate(&token, operator.now).await?;
    Ok((token, Ctx { caller: Caller::User(login), ..operator }))
}

/// Two people with projects of their own, half of the comments each. Returns the words of some of the first one's.
async fn fill(server: &Arc<Server>, ada: &Ctx, ben: &Ctx, comments: usize) -> Result<Vec<Vec<u64>>> {
    let service = &server.instance().service;
    let mut projects: Vec<(Ctx, ProjectId)> = Vec::new();
    for number in 0..PROJECTS {
        let owner = if number % 2 == 0 { ada } else { ben };
        let name =
            ProjectName::parse(&format!("Song {number}")).map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
        let made = service.create_project(owner, &NewProject::named(name)).await?.into_inner();
        ensure!(made.role == Some(Role::Owner), "a project has an owner");
        projects.push((owner.clone(), made.project.row.id));
    }
    let projects = Arc::new(projects);
    let writers: Vec<_> = (0..64u64)
        .map(|writer| {
            let (service, projects) = (service.clone(), Arc::clone(&projects));
            tokio::spawn(async move {
                let (mut dice, mut said) = (Dice(writer), Vec::new());
                for number in (0..comments).filter(|number| *number as u64 % 64 == writer) {
                    let ranks: Vec<u64> = (0..12).map(|_| dice.rank()).collect();
                    let words: Vec<String> = ranks.iter().map(|rank| word(*rank)).collect();
                    let text =
                        CommentText::parse(&words.join(" ")).map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
                    let (owner, project) = &projects[(number / 64) % PROJECTS];
                    let new = NewComment {
                        text,
                        track_id: None,
                        version_id: None,
                        checkpoint_id: None,
                        span: None,
                        parent_id: None,
                        visibility: None,
                    };
                    service.create_comment(owner, *project, &new).await?;
                    let telling = ranks.iter().filter(|rank| **rank >= COMMON).count() >= 2;
                    if telling
                        && ((number / 64) % PROJECTS).is_multiple_of(2)
                        && number.is_multiple_of(REMEMBERED)
                    {
                        said.push(ranks);
                    }
                }
                anyhow::Ok(said)
            })
        })
        .collect();
    let start = Instant::now();
    let mut said = Vec::new();
    for writer in writers {
        said.extend(writer.await??);
    }
    println!("written in {:.1} s", start.elapsed().as_secs_f64());
    let end = server.instance().store.events().durable_seq();
    service.search_followed().wait_for(|seq| *seq >= end).await?;
    println!("indexed {:.1} s after the first was written", start.elapsed().as_secs_f64());
    Ok(said)
}

/// How long each search of every client took, in milliseconds.
async fn clients<F, S>(round: u64, said: &[Vec<u64>], search: S) -> Result<Vec<f64>>
where
    S: Fn(Vec<String>) -> F,
    F: Future<Output = Result<usize>> + Send + 'static,
{
    let workers: Vec<_> = (0..CLIENTS as u64)
        .map(|client| {
            let mut dice = Dice(round * 1000 + client);
            let searches: Vec<F> = (0..SEARCHES).map(|_| search(dice.words(said))).collect();
            tokio::spawn(async move {
                let (mut times, mut hits) = (Vec::new(), 0);
                for search in searches {
                    let start = Instant::now();
                    hits += search.await?;
                    times.push(start.elapsed().as_secs_f64() * 1000.0);
                }
                ensure!(hits > 0, "nothing was found");
                Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for worker in workers {
        times.extend(worker.await??);
    }
    // A breath between the parties.
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(times)
}

/// Every word, anywhere in the text: the best 20, and nothing else.
async fn bare_query(reader: IndexReader, words: Vec<String>) -> Result<usize> {
    tokio::task::spawn_blocking(move || {
        let searcher = reader.searcher();
        let text = searcher.schema().get_field("text")?;
        let term = |word: &String| {
            let term = Term::from_field_text(text, word);
            Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) as Box<dyn Query>
        };
        let query = BooleanQuery::intersection(words.iter().map(term).collect());
        Ok(searcher.search(&query, &TopDocs::with_limit(LIMIT).order_by_score())?.len())
    })
    .await?
}

async fn of_service(server: Arc<Server>, cx: Ctx, words: Vec<String>) -> Result<usize> {
    let query = SearchQuery {
        words: words.join(" "),
        kinds: vec![],
        project: None,
        author: None,
        from: None,
        to: None,
        page: PageRequest::first(LIMIT),
    };
    Ok(server.instance().service.search(&cx, &query).await?.page.items.len())
}

async fn over_http(client: reqwest::Client, url: String, token: String, words: Vec<String>) -> Result<usize> {
    let url = format!("{url}/api/v1/search?q={}&limit={LIMIT}", words.join("+"));
    let answer = client.get(url).bearer_auth(token).send().await?.error_for_status()?;
    let found: Value = serde_json::from_slice(&answer.bytes().await?)?;
    Ok(found["items"].as_array().map_or(0, Vec::len))
}

fn quantiles(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[times.len() * 99 / 100])
}
