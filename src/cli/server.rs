//! The flags of the commands that listen: `serve`, `demo`, and `config show` to see what they would do.

use clap::Args;

/// Where to listen, and under which address people find it.
#[derive(Debug, Default, Args)]
pub struct ListenArgs {
    /// Listen here; port 0 takes a free one [default: 127.0.0.1:7070]
    #[arg(long, value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// The address people open, when it differs from the one listened on
    #[arg(long, value_name = "URL")]
    pub site_url: Option<String>,
}

impl ListenArgs {
    /// As configuration keys. Values are parsed with those of the other sources, so that all refusals look alike.
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        let given = [("listen", &self.listen), ("site_url", &self.site_url)];
        given.into_iter().filter_map(|(key, value)| Some((key, value.clone()?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_given_flags_are_passed_on() {
        assert_eq!(ListenArgs::default().flags(), []);
        let given = ListenArgs { listen: Some("localhost:0".into()), site_url: None };
        assert_eq!(given.flags(), [("listen", "localhost:0".to_owned())]);
    }
}
