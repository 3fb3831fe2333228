//! From where a request comes: the address behind trusted proxies, and the name the client gives itself.

use ipnet::IpNet;
use poem::{Addr, Request, http::header};
use service::Client;
use std::net::IpAddr;

/// What is kept of a `User-Agent`, in characters.
const USER_AGENT_CHARS_MAX: usize = 200;

/// The address of the client. `X-Forwarded-For` counts only as far as trusted proxies wrote it: it is read from the right,
/// and the first address that is no trusted proxy is the client. A Unix socket has none.
pub fn address(request: &Request, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = match &request.remote_addr().0 {
        Addr::SocketAddr(addr) => addr.ip().to_canonical(),
        Addr::Unix(_) | Addr::Custom(..) => return None,
    };
    let forwarded =
        request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> =
        forwarded.flat_map(|value| value.split(',')).map(|hop| hop.trim().to_owned()).collect();
    Some(behind(peer, &hops, trusted))
}

fn behind(peer: IpAddr, hops: &[String], trusted: &[IpNet]) -> IpAddr {
    let mut client = peer;
    for hop in hops.iter().rev() {
        if !trusted.iter().any(|net| net.contains(&client)) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(address) => client = address.to_canonical(),
            Err(_) => break,
        }
    }
    client
}

/// What sessions and the audit log keep.
pub fn describe(request: &Request, address: Option<IpAddr>) -> Client {
    let user_agent =
        request.header(header::USER_AGENT).map(|text| text.chars().take(USER_AGENT_CHARS_MAX).collect());
    Client { ip: address.map(|ip| ip.to_string()), user_agent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, hops: &[&str], trusted: &[&str]) -> String {
        let hops: Vec<_> = hops.iter().map(|hop| (*hop).to_owned()).collect();
        let trusted: Vec<_> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        behind(peer.parse().unwrap(), &hops, &trusted).to_string()
    }

    #[test]
    fn nobody_chooses_their_own_address() {
        assert_eq!(client("203.0.113.7", &["10.0.0.1"], &[]), "203.0.113.7");
        assert_eq!(client("203.0.113.7", &["10.0.0.1"], &["127.0.0.0/8"]), "203.0.113.7");
        assert_eq!(client("127.0.0.1", &["1.1.1.1", "203.0.113.7"], &["127.0.0.0/8"]), "203.0.113.7");
        assert_eq!(
            client("127.0.0.1", &["203.0.113.7", "10.0.0.9"], &["127.0.0.0/8", "10.0.0.0/8"]),
            "203.0.113.7"
        );
        assert_eq!(client("127.0.0.1", &["not an address"], &["127.0.0.0/8"]), "127.0.0.1");
    }
}
