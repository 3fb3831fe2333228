//! `backline admin`: accounts, for the person who owns the machine.

use super::{Way, field};
use crate::{
    cli::admin::{AdminCommand, CreateUserArgs, EmailArgs, ListUsersArgs, SetRoleArgs, read_password},
    config::Config,
};
use anyhow::{Result, bail};
use model::{
    account::{InstanceRole, User},
    limits::PAGE_MAX,
    text::{Email, PersonName},
    violation::Fault,
};
use reqwest::Method;
use serde_json::{Value, json};
use service::{NewUser, Password, page::PageRequest};

/// Does what was asked.
pub async fn run(config: &Config, command: &AdminCommand) -> Result<()> {
    let way = Way::to(config).await?;
    let outcome = match command {
        AdminCommand::CreateUser(args) => create_user(&way, args).await,
        AdminCommand::SetupLink => setup_link(&way).await,
        AdminCommand::ResetPassword(args) => reset_password(&way, args).await,
        AdminCommand::ListUsers(args) => list_users(&way, args).await,
        AdminCommand::SetRole(args) => set_role(&way, args).await,
    };
    if let Way::Directory(instance) = way {
        instance.close().await;
    }
    outcome
}

fn parsed<T>(what: &str, value: Result<T, Fault>) -> Result<T> {
    value.map_err(|fault| anyhow::anyhow!("{what} {}", fault.detail))
}

fn email(args: &EmailArgs) -> Result<Email> {
    parsed("--email", Email::parse(&args.email))
}

fn role_name(role: InstanceRole) -> &'static str {
    match role {
        InstanceRole::Admin => "admin",
        InstanceRole::Member => "member",
    }
}

async fn create_user(way: &Way, args: &CreateUserArgs) -> Result<()> {
    let (email, name) = (email(&args.who)?, parsed("--name", PersonName::parse(&args.name))?);
    let secret = read_password(std::io::stdin().lock())?;
    let password = parsed("the password", Password::parse(secret.expose()))?;
    let role = InstanceRole::from(args.role);
    match way {
        Way::Directory(instance) => {
            let new = NewUser { email: email.clone(), name, role, password: Some(password) };
            instance.service.create_user_offline(&instance.operator(), &new).await?;
        }
        Way::Server(control) => {
            let body = json!({
                "email": email.as_str(), "name": name.as_str(), "role": role_name(role), "password": secret.expose(),
                "send_invite": false,
            });
            control.call(Method::POST, "admin/users", Some(&body)).await?;
        }
    }
    println!("{email} can log in ({})", role_name(role));
    Ok(())
}

async fn setup_link(way: &Way) -> Result<()> {
    let url = match way {
        Way::Directory(instance) => instance.service.admin_create_setup_link(&instance.operator()).await?.url,
        Way::Server(control) => field(&control.call(Method::POST, "admin/setup-link", None).await?, "url")?,
    };
    println!("{url}");
    Ok(())
}

async fn reset_password(way: &Way, args: &EmailArgs) -> Result<()> {
    let email = email(args)?;
    let url = match way {
        Way::Directory(instance) => instance.service.password_link(&instance.operator(), &email).await?.url,
        Way::Server(control) => {
            let path = format!("admin/users/{}/password-link", user_id(control, &email).await?);
            field(&control.call(Method::POST, &path, None).await?, "url")?
        }
    };
    println!("{url}");
    Ok(())
}

async fn set_role(way: &Way, args: &SetRoleArgs) -> Result<()> {
    let (email, role) = (email(&args.who)?, InstanceRole::from(args.role));
    match way {
        Way::Directory(instance) => {
            instance.service.set_role(&instance.operator(), &email, role).await?;
        }
        Way::Server(control) => {
            let path = format!("admin/users/{}", user_id(control, &email).await?);
            control.call(Method::PATCH, &path, Some(&json!({"role": role_name(role)}))).await?;
        }
    }
    println!("{email} is now {}", role_name(role));
    Ok(())
}

async fn list_users(way: &Way, args: &ListUsersArgs) -> Result<()> {
    let mut users = Vec::new();
    match way {
        Way::Directory(instance) => {
            let mut wanted = PageRequest::first(PAGE_MAX);
            loop {
                let page = instance.service.list_users(&instance.operator(), &wanted).await?;
                users.extend(page.items.iter().map(|view| user_json(&view.user.row)));
                let Some(next) = page.next else { break };
                wanted.after = Some(next);
            }
        }
        Way::Server(control) => users = control.list("admin/users").await?,
    }
    for user in &users {
        if args.json {
            println!("{user}");
        } else {
            let field = |name| user[name].as_str().unwrap_or("-");
            println!("{:<36}  {:<7}  {:<9}  {}", field("id"), field("role"), field("status"), field("email"));
        }
    }
    Ok(())
}

fn user_json(user: &User) -> Value {
    let status = match user.status {
        model::account::UserStatus::Active => "active",
        model::account::UserStatus::Disabled => "disabled",
        model::account::UserStatus::Deleted => "deleted",
    };
    json!({
        "id": user.id.to_string(), "email": user.email.as_str(), "name": user.name.as_str(),
        "role": role_name(user.role), "status": status,
    })
}

async fn user_id(control: &crate::app::control::Control, email: &Email) -> Result<String> {
    let query: String = url_encoded(email.as_str());
    let users = control.list(&format!("admin/users?q={query}")).await?;
    match users.iter().find(|user| user["email"] == email.as_str()) {
        Some(user) => field(user, "id"),
        None => bail!("there is no account with the address {email}"),
    }
}

/// Percent-encodes everything that is not a letter or a digit (RFC 3986 §2.1).
fn url_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}
