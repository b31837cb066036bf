//! The configuration as tables: what wins, what is refused, and what the message says.

use std::io::Write as _;
use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use super::meaning::{AdminKey, Config, LogFormat, SecretsKey, Store};
use super::{Environment, Flags, Loaded, load, settings};

const ADMIN_KEY: &str = "sa_live_0123456789abcdef01234567";

/// Flags alone, as `serve` will take them.
#[derive(Parser)]
struct Command {
    #[command(flatten)]
    flags: Flags,
}

fn flags(arguments: &[&str]) -> Flags {
    let arguments = ["tidings"].iter().chain(arguments);
    let matches = Command::command().get_matches_from(arguments);
    Command::from_arg_matches(&matches).unwrap().flags
}

fn read(file: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Loaded {
    let mut config = tempfile::NamedTempFile::new().unwrap();
    config.write_all(file.as_bytes()).unwrap();
    let path = config.path().to_str().unwrap();
    let environment: Environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    load(
        &flags(&[&["--config", path], arguments].concat()),
        &environment,
    )
}

fn valid(file: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Config {
    read(file, environment, arguments).config.unwrap()
}

/// Every problem as `setting: fault`, in the order they are told.
fn faults(file: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Vec<String> {
    let problems = read(file, environment, arguments).config.unwrap_err();
    let fault = |problem: &super::Problem| format!("{}: {}", problem.setting, problem.fault);
    problems.0.iter().map(fault).collect()
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = load(&Flags::default(), &Environment::default())
        .config
        .unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8400");
    assert_eq!(config.server.public_url, None);
    assert_eq!(config.server.admin_key, None);
    let path = PathBuf::from("tidings.db");
    assert_eq!(config.store, Store::Sqlite { path });
    assert!(config.delivery.allow_targets.is_empty());
    assert!(!config.delivery.allow_http);
    assert!(config.delivery.ca_certificates.is_empty());
    assert!(config.secrets_keys.is_empty());
    assert_eq!(config.retention_days, 30);
    assert_eq!(config.metrics_listen.unwrap().to_string(), "127.0.0.1:8401");
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.log.filter, "info");
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let check =
        |file: &str, variable: Option<&str>, flag: Option<&str>, days: u32, origin: &str| {
            let environment: Vec<_> = variable
                .map(|n| ("TIDINGS_RETENTION_DAYS", n))
                .into_iter()
                .collect();
            let arguments: Vec<_> = flag.map_or(vec![], |n| vec!["--retention-days", n]);
            let loaded = read(file, &environment, &arguments);
            assert_eq!(loaded.config.unwrap().retention_days, days);
            let given = loaded.raw.effective(&settings::RETENTION_DAYS).unwrap();
            assert!(
                given.origin.to_string().ends_with(origin),
                "{}",
                given.origin
            );
        };
    check("", None, None, 30, "default");
    check("\nretention_days = 1", None, None, 1, ":2");
    check(
        "retention_days = 1",
        Some("2"),
        None,
        2,
        "environment TIDINGS_RETENTION_DAYS",
    );
    check("retention_days = 1", Some(""), None, 1, ":1");
    check(
        "retention_days = 1",
        Some("2"),
        Some("3"),
        3,
        "flag --retention-days",
    );
    check("", Some("2"), Some("3"), 3, "flag --retention-days");
}

#[test]
fn the_three_ways_to_write_a_setting_mean_the_same() {
    let targets = ["10.0.0.0/8", "::1/128"];
    let check = |config: Config| {
        let read: Vec<String> = config
            .delivery
            .allow_targets
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(read, targets);
        assert!(config.delivery.allow_http);
        assert_eq!(config.metrics_listen, None);
        assert_eq!(config.log.format, LogFormat::Json);
    };
    let file = "allow_targets = ['10.1.2.3/8', '::1']\nallow_http = true\nmetrics_listen = 'off'\nlog = 'json'";
    check(valid(file, &[], &[]));
    let environment = [
        ("TIDINGS_ALLOW_TARGETS", "10.0.0.0/8, ::1,"),
        ("TIDINGS_ALLOW_HTTP", "true"),
        ("TIDINGS_METRICS_LISTEN", "off"),
        ("TIDINGS_LOG", "json"),
    ];
    check(valid("", &environment, &[]));
    let arguments =
        "--allow-target 10.0.0.0/8 --allow-target ::1 --allow-http --metrics-listen off --log json";
    let arguments: Vec<&str> = arguments.split(' ').collect();
    check(valid("allow_targets = ['192.168.0.0/16']", &[], &arguments));
}

#[test]
fn values_are_understood() {
    let listen = |text: &str| {
        valid("", &[], &["--listen", text])
            .server
            .listen
            .to_string()
    };
    assert_eq!(listen("localhost:0"), "127.0.0.1:0");
    assert_eq!(listen("[::]:80"), "[::]:80");
    let url = |text: &str| {
        valid("", &[], &["--public-url", text])
            .server
            .public_url
            .unwrap()
    };
    assert_eq!(
        url("https://Hooks.example.com/"),
        "https://hooks.example.com"
    );
    assert_eq!(url("http://h:1/base//"), "http://h:1/base");
    let store = |text: &str| valid("", &[], &["--store", text]).store;
    for text in ["sqlite:/a/b.db", "sqlite:///a/b.db"] {
        let path = PathBuf::from("/a/b.db");
        assert_eq!(store(text), Store::Sqlite { path });
    }
    assert!(
        !valid("allow_http = true", &[], &["--allow-http=false"])
            .delivery
            .allow_http
    );
}

#[test]
fn every_bad_value_is_refused_with_its_reason() {
    let check = |setting: &str, text: &str, fault: &str| {
        let setting = settings::ALL
            .into_iter()
            .find(|known| known.key == setting)
            .unwrap();
        let expect = format!("{}: {fault}", setting.key);
        assert_eq!(
            faults("", &[(setting.variable, text)], &[]),
            [expect],
            "{text}"
        );
    };
    check("listen", "8400", "`8400` is not an address with a port");
    check(
        "listen",
        "example.com:80",
        "`example.com:80` is not an address with a port",
    );
    check("metrics_listen", "no", "`no` is not an address with a port");
    check("public_url", "hooks", "`hooks` is not a URL");
    check("public_url", "ftp://h", "the scheme is `ftp`");
    check(
        "public_url",
        "https://u:p@h",
        "holds a user name or a password",
    );
    check("public_url", "https://h/?a", "holds a query or a fragment");
    check("store", "sqlite:", "names no file");
    check(
        "store",
        "sqlite::memory:",
        "memory forgets what was acknowledged",
    );
    check(
        "store",
        "sqlite:file:x.db?mode=memory",
        "is a URI of SQLite's own",
    );
    check(
        "store",
        "postgres://u:p@h/d",
        "PostgreSQL is not part of this build",
    );
    check("store", "tidings.db", "is not a store that Tidings knows");
    check(
        "role",
        "api",
        "`api` needs a store that several nodes share",
    );
    check("role", "worker", "`worker` is none of its values");
    check(
        "admin_key",
        "sk_live_0123456789abcdef01234567",
        "does not start with sa_live_",
    );
    check("admin_key", "sa_live_short", "has 13 characters, too few");
    check(
        "admin_key",
        "sa_live_0123456789abcdef 01234567",
        "holds spaces or characters outside ASCII",
    );
    check(
        "allow_targets",
        "10.0.0.0/8,ten,::/129",
        "not an address range: ten, ::/129",
    );
    check("allow_http", "yes", "`yes` is none of its values");
    check("secrets_key", "abc", "key 1 is not 64 hex characters");
    check(
        "secrets_key",
        &format!("{},", "0".repeat(64)),
        "key 2 is not 64 hex characters",
    );
    check(
        "secrets_key",
        &format!("zz,{},yy", "0".repeat(64)),
        "keys 1 and 3 are not 64 hex characters",
    );
    check("retention_days", "0", "`0` is not a number of days");
    check("retention_days", "1.5", "`1.5` is not a number of days");
    check("log", "xml", "`xml` is none of its values");
}

#[test]
fn all_problems_are_told_at_once_each_with_its_place() {
    let file = "listen = 8400\npublic-url = 'https://h'\n[server]\n";
    let environment = [("TIDINGS_ROLE", "worker"), ("TIDINGS_LISTN", "127.0.0.1:1")];
    let problems = read(file, &environment, &["--retention-days", "0"])
        .config
        .unwrap_err();
    let told = problems.to_string();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "6 problems in the configuration");
    let has = |text: &str| assert!(told.contains(text), "{text}\nis not in\n{told}");
    has(":1): has the type integer\n    write a string in quotes");
    has(":2): no such setting\n    did you mean `public_url`?");
    has(":3): no such setting");
    has(
        "role (environment TIDINGS_ROLE): `worker` is none of its values\n    write one of: all, api, delivery",
    );
    has(
        "TIDINGS_LISTN (environment TIDINGS_LISTN): no such setting\n    did you mean `TIDINGS_LISTEN`?",
    );
    has("retention_days (flag --retention-days): `0` is not a number of days");
}

#[test]
fn broken_toml_is_told_with_its_line() {
    let told = read("log = 'json'\nlisten = = 1\n", &[], &[])
        .config
        .unwrap_err()
        .to_string();
    assert!(told.contains(":2): not TOML: "), "{told}");
    let missing = flags(&["--config", "no/such/file.toml"]);
    let told = load(&missing, &Environment::default())
        .config
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("config (flag --config): cannot read no/such/file.toml"),
        "{told}"
    );
}

#[test]
fn only_likely_slips_in_the_environment_are_refused() {
    let check = |name: &str, warnings: usize| {
        let loaded = read("", &[(name, "x")], &[]);
        assert!(loaded.config.is_ok(), "{name}");
        assert_eq!(loaded.warnings.len(), warnings, "{name}");
    };
    check("TIDINGS_URL", 0);
    check("TIDINGS_KEY", 0);
    check("TIDINGS_PORT", 0);
    check("TIDINGS_SERVICE_PORT_HTTP", 0);
    check("TIDINGS_PORT_8400_TCP_ADDR", 0);
    check("OTHER_LISTN", 0);
    check("TIDINGS_BIN", 1);
    check("TIDINGS_DEPLOYMENT_COLOUR", 1);
    let refused = faults("", &[("TIDINGS_ALLOW_TARGET", "::1")], &[]);
    assert_eq!(refused, ["TIDINGS_ALLOW_TARGET: no such setting"]);
}

#[test]
fn a_secret_comes_from_its_twin_or_directly_but_not_from_both() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{ADMIN_KEY}").unwrap();
    let path = file.path().to_str().unwrap();
    let key = |config: Config| config.server.admin_key.unwrap();
    let expect = AdminKey(ADMIN_KEY.to_owned());
    assert_eq!(
        key(valid("", &[("TIDINGS_ADMIN_KEY_FILE", path)], &[])),
        expect
    );
    // The stronger place wins over the weaker one, whichever of the twins it names.
    let weaker = format!("admin_key = '{}'", ADMIN_KEY.replace('0', "x"));
    assert_eq!(
        key(valid(&weaker, &[("TIDINGS_ADMIN_KEY_FILE", path)], &[])),
        expect
    );
    let weaker = "admin_key_file = 'no/such/file'";
    assert_eq!(
        key(valid(weaker, &[("TIDINGS_ADMIN_KEY", ADMIN_KEY)], &[])),
        expect
    );

    let both = [
        ("TIDINGS_ADMIN_KEY", ADMIN_KEY),
        ("TIDINGS_ADMIN_KEY_FILE", path),
    ];
    let told = faults("", &both, &[]);
    assert_eq!(
        told,
        ["admin_key: given twice: environment TIDINGS_ADMIN_KEY_FILE is set too"]
    );
    let told = faults("", &[("TIDINGS_ADMIN_KEY_FILE", "no/such/file")], &[]);
    assert!(
        told[0].starts_with("admin_key_file: cannot read no/such/file"),
        "{told:?}"
    );
}

#[test]
fn secrets_keys_rotate_as_a_list() {
    let list = format!("{}, {}", "00".repeat(32), "Ff".repeat(32));
    let keys = valid("", &[("TIDINGS_SECRETS_KEY", &list)], &[]).secrets_keys;
    assert_eq!(keys, [SecretsKey([0; 32]), SecretsKey([255; 32])]);
}

#[test]
fn secrets_are_never_printed() {
    let environment = [
        ("TIDINGS_ADMIN_KEY", ADMIN_KEY),
        ("TIDINGS_SECRETS_KEY", "1234"),
    ];
    let loaded = read("", &environment, &[]);
    let shown: String = loaded
        .raw
        .shown()
        .iter()
        .filter_map(|(_, given)| given.as_ref().map(|given| given.text.clone()))
        .collect();
    let told = loaded.config.unwrap_err().to_string();
    let config = valid("", &environment[..1], &[]);
    for printed in [shown, told, format!("{config:?}")] {
        assert!(!printed.contains("0123456789"), "{printed}");
        assert!(!printed.contains("1234"), "{printed}");
    }
}
