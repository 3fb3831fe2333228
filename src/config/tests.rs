//! Precedence, origins, refusals, and what `config show` prints.

use super::*;

fn sources(environment: &[(&str, &str)]) -> Sources {
    let environment =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Sources { environment, ..Sources::none() }
}

fn file(text: &str) -> (tempfile::TempDir, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("backline.toml");
    std::fs::write(&path, text).unwrap();
    (dir, Sources { file: ConfigFile::Named(path), ..Sources::none() })
}

#[track_caller]
fn refused(sources: &Sources, parts: &[&str]) {
    let error = Config::load(sources).expect_err("should be refused").to_string();
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
}

#[test]
fn nothing_is_required() {
    let loaded = Config::load(&Sources::none()).unwrap();
    assert_eq!(loaded.config.listen.as_str(), "127.0.0.1:7070");
    assert_eq!(loaded.config.registration(), RegistrationPolicy::Invite);
    assert_eq!(loaded.config.rate_limit, Switch::On);
    assert_eq!(loaded.config.max_upload_bytes.get(), 4 << 30);
    assert!(loaded.config.mail().is_none() && loaded.config.metrics_allow.is_empty());
    assert_eq!(loaded.origin("listen"), Origin::Default);
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let (_dir, mut sources) = file("listen = \"file:1\"\nlog_format = \"json\"\ndata_dir = \"/from/file\"\n");
    sources.environment =
        vec![("BACKLINE_LISTEN".into(), "env:2".into()), ("BACKLINE_DATA_DIR".into(), "/from/env".into())];
    sources.flags = vec![("data_dir", "/from/flag".into())];
    let loaded = Config::load(&sources).unwrap();
    assert_eq!(loaded.config.data_dir, PathBuf::from("/from/flag"));
    assert_eq!(loaded.config.listen.as_str(), "env:2");
    assert_eq!(loaded.config.log_format, LogFormat::Json);
    assert_eq!(loaded.origin("data_dir").of_key("data_dir"), "--data");
    assert_eq!(loaded.origin("listen").of_key("listen"), "BACKLINE_LISTEN");
    assert!(loaded.origin("log_format").of_key("log_format").ends_with("backline.toml"));
}

#[test]
fn the_environment_sets_every_kind_of_value() {
    let loaded = Config::load(&sources(&[
        ("BACKLINE_REGISTRATION", "open"),
        ("BACKLINE_RATE_LIMIT", "off"),
        ("BACKLINE_SMTP_URL", "smtp://127.0.0.1:2525"),
        ("BACKLINE_SMTP_FROM", "The Band <band@music.example>"),
        ("BACKLINE_SITE_URL", "https://music.example/"),
        ("BACKLINE_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128"),
        ("BACKLINE_MAX_UPLOAD_BYTES", "1 GiB"),
        ("BACKLINE_CACHE_BYTES", "33554432"),
        ("BACKLINE_JOB_WORKERS", "3"),
        ("BACKLINE_DATA_DIR", "42"),
    ]))
    .unwrap();
    let config = loaded.config;
    assert_eq!(config.registration(), RegistrationPolicy::Open);
    assert_eq!(config.rate_limit, Switch::Off);
    assert_eq!(config.trusted_proxies.len(), 2);
    assert_eq!(config.max_upload_bytes.get(), 1 << 30);
    assert_eq!(config.cache_bytes.get(), 32 << 20);
    assert_eq!(config.job_workers.unwrap().get(), 3);
    assert_eq!(config.data_dir, PathBuf::from("42"));
    assert_eq!(config.site_url(([127, 0, 0, 1], 9).into()).as_str(), "https://music.example");
    let (url, sender) = config.mail().unwrap();
    assert_eq!(
        (url.expose(), sender.to_string().as_str()),
        ("smtp://127.0.0.1:2525", "The Band <band@music.example>")
    );
}

#[test]
fn a_file_may_write_numbers_lists_and_switches_as_toml() {
    let text = "max_upload_bytes = 1000\nrate_limit = false\ncors_origins = [\"https://App.example:443/\"]\n";
    let (_dir, sources) = file(text);
    let config = Config::load(&sources).unwrap().config;
    assert_eq!(config.max_upload_bytes.get(), 1000);
    assert_eq!(config.rate_limit, Switch::Off);
    assert_eq!(config.cors_origins[0].as_str(), "https://app.example");
}

#[test]
fn an_unknown_key_is_refused_with_its_file() {
    let (_dir, sources) = file("registraton = \"open\"\n");
    refused(&sources, &["backline.toml: there is no setting `registraton`", "registration, rate_limit"]);
}

#[test]
fn an_unknown_variable_is_warned_of() {
    let loaded = Config::load(&sources(&[
        ("BACKLINE_PORT", "tcp://10.0.0.1:80"),
        ("BACKLINE_TEST_DATA", "x"),
        ("BACKLINE_SMTP_URL", " "),
        ("PATH", "/bin"),
    ]))
    .unwrap();
    assert_eq!(
        loaded.warnings,
        ["the environment variable BACKLINE_PORT is not a setting and has no effect"]
    );
    assert_eq!(loaded.config.smtp_url, None);
}

#[test]
fn bad_values_are_refused_with_key_and_origin() {
    refused(&sources(&[("BACKLINE_LISTEN", "7070")]), &["BACKLINE_LISTEN: `listen`: write HOST:PORT"]);
    refused(&sources(&[("BACKLINE_LISTEN", "::1:7070")]), &["write HOST:PORT"]);
    refused(
        &sources(&[("BACKLINE_REGISTRATION", "everybody")]),
        &["BACKLINE_REGISTRATION", "open", "closed"],
    );
    refused(&sources(&[("BACKLINE_SITE_URL", "music.example")]), &["http or https"]);
    refused(&sources(&[("BACKLINE_CORS_ORIGINS", "*")]), &["`*`: write an origin"]);
    refused(&sources(&[("BACKLINE_CACHE_BYTES", "1")]), &["at least 8 MiB"]);
    refused(&sources(&[("BACKLINE_MAX_UPLOAD_BYTES", "0")]), &["at least 1 byte"]);
    refused(&sources(&[("BACKLINE_MAX_UPLOAD_BYTES", "99999999 TiB")]), &["a number of bytes"]);
    refused(&sources(&[("BACKLINE_JOB_WORKERS", "0")]), &["from 1 to"]);
    refused(&sources(&[("BACKLINE_LOG_FILTER", "loud=!")]), &["write a level"]);
    let (_dir, sources) = file("listen = [1]\n");
    refused(&sources, &["backline.toml: `listen`: expected text"]);
}

#[test]
fn a_named_file_must_be_there() {
    let file = ConfigFile::Named("/nowhere/backline.toml".into());
    refused(&Sources { file, ..Sources::none() }, &["/nowhere/backline.toml cannot be read"]);
}

#[test]
fn a_secret_is_never_printed() {
    let password = "hunter2";
    let url = format!("smtps://band:{password}@mail.example");
    let loaded = Config::load(&sources(&[("BACKLINE_SMTP_URL", &url)])).unwrap();
    assert!(!loaded.show().contains(password), "{}", loaded.show());
    assert!(!format!("{:?}", loaded.config).contains(password));
    assert!(loaded.show().contains("# smtp_url is set and not shown"));

    let broken = Config::load(&sources(&[("BACKLINE_SMTP_URL", &format!("mail:{password}"))])).unwrap_err();
    assert!(!broken.to_string().contains(password), "{broken}");
}

#[test]
fn what_is_shown_can_be_used_as_a_file() {
    let environment = sources(&[
        ("BACKLINE_TRUSTED_PROXIES", "10.0.0.0/8"),
        ("BACKLINE_REGISTRATION", "closed"),
        ("BACKLINE_JOB_WORKERS", "2"),
        ("BACKLINE_DATA_DIR", r#"/a "quoted" \ place"#),
    ]);
    let first = Config::load(&environment).unwrap();
    let (_dir, sources) = file(&first.show());
    let second = Config::load(&sources).unwrap();
    assert_eq!(format!("{:?}", second.config), format!("{:?}", first.config));
}

#[test]
fn every_key_of_the_struct_is_shown() {
    let error = Config::load(&file("nothing = 1").1).expect_err("an unknown key").to_string();
    let known = error.split("settings are ").nth(1).unwrap_or_else(|| panic!("{error}"));
    for key in known.split(", ") {
        assert!(Config::is_key(key), "{key} is missing from `config show`");
    }
}

#[test]
fn the_site_url_follows_the_listener_unless_set() {
    let bound = ([127, 0, 0, 1], 4000).into();
    let url = |listen| Config::load(&sources(&[("BACKLINE_LISTEN", listen)])).unwrap().config.site_url(bound);
    assert_eq!(url("127.0.0.1:0").as_str(), "http://127.0.0.1:4000");
    assert_eq!(url("0.0.0.0:4000").as_str(), "http://localhost:4000");
    assert_eq!(url("[::1]:0").as_str(), "http://[::1]:4000");
}

#[test]
fn mail_without_a_sender_comes_from_the_site() {
    let sender = |site| {
        let variables = [("BACKLINE_SMTP_URL", "smtp://localhost"), ("BACKLINE_SITE_URL", site)];
        Config::load(&sources(&variables)).unwrap().config.mail().unwrap().1.to_string()
    };
    assert_eq!(sender("https://music.example"), "Backline <backline@music.example>");
    assert_eq!(sender("http://192.168.0.2:7070"), "Backline <backline@localhost>");
}
