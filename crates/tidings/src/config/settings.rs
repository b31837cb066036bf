//! The table of settings (contract §2): every name a setting goes by, written once. The flags, the
//! environment, the file, `config show` and the documentation of `--help` are all read from here.

/// What a setting's value looks like where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One text.
    Text,
    /// Several texts: an array in the file, a comma list in the environment, a repeated flag.
    List,
    /// `true` or `false`; a bare flag means true.
    Switch,
    /// A whole number.
    Number,
    /// One text, never shown.
    Secret,
}

/// One setting and its names.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The key in the file, and the name in messages.
    pub(crate) key: &'static str,
    /// The long flag without its dashes; `None` where a flag would leak a secret to `ps`.
    pub(crate) flag: Option<&'static str>,
    /// The environment variable.
    pub(crate) variable: &'static str,
    /// How the value is written.
    pub(crate) shape: Shape,
    /// The value when nobody gives one; `None` where absence has a meaning of its own.
    pub(crate) default: Option<&'static str>,
    /// The placeholder in `--help`.
    pub(crate) value_name: &'static str,
    /// What it does, in one line.
    pub(crate) help: &'static str,
}

/// Where the API listens.
pub(crate) static LISTEN: Setting = Setting {
    key: "listen",
    flag: Some("listen"),
    variable: "TIDINGS_LISTEN",
    shape: Shape::Text,
    default: Some("127.0.0.1:8400"),
    value_name: "ADDR",
    help: "Address the API listens on; port 0 takes a free one",
};

/// The base of links.
pub(crate) static PUBLIC_URL: Setting = Setting {
    key: "public_url",
    flag: Some("public-url"),
    variable: "TIDINGS_PUBLIC_URL",
    shape: Shape::Text,
    default: None,
    value_name: "URL",
    help: "Base of links in payloads and documents; without it, the listen address",
};

/// Where everything is kept.
pub(crate) static STORE: Setting = Setting {
    key: "store",
    flag: Some("store"),
    variable: "TIDINGS_STORE",
    shape: Shape::Text,
    default: Some("sqlite:tidings.db"),
    value_name: "URL",
    help: "Where everything is kept: sqlite:PATH",
};

/// Which parts this process runs.
pub(crate) static ROLE: Setting = Setting {
    key: "role",
    flag: Some("role"),
    variable: "TIDINGS_ROLE",
    shape: Shape::Text,
    default: Some("all"),
    value_name: "all|api|delivery",
    help: "Which parts this process runs; an embedded store knows only all",
};

/// The installation's own key.
pub(crate) static ADMIN_KEY: Setting = Setting {
    key: "admin_key",
    flag: None,
    variable: "TIDINGS_ADMIN_KEY",
    shape: Shape::Secret,
    default: None,
    value_name: "KEY",
    help: "The installation's own API key; without it, the stored one, or one that is made and printed once",
};

/// The file that holds the installation's own key.
pub(crate) static ADMIN_KEY_FILE: Setting = Setting {
    key: "admin_key_file",
    flag: None,
    variable: "TIDINGS_ADMIN_KEY_FILE",
    shape: Shape::Text,
    default: None,
    value_name: "FILE",
    help: "File that holds the admin key",
};

/// What deliveries may reach beyond public addresses.
pub(crate) static ALLOW_TARGETS: Setting = Setting {
    key: "allow_targets",
    flag: Some("allow-target"),
    variable: "TIDINGS_ALLOW_TARGETS",
    shape: Shape::List,
    default: None,
    value_name: "CIDR",
    help: "Addresses that deliveries may reach besides public ones (repeatable)",
};

/// Whether webhook URLs may be plain http.
pub(crate) static ALLOW_HTTP: Setting = Setting {
    key: "allow_http",
    flag: Some("allow-http"),
    variable: "TIDINGS_ALLOW_HTTP",
    shape: Shape::Switch,
    default: Some("false"),
    value_name: "true|false",
    help: "Let webhook URLs be http as well as https",
};

/// Certificate authorities added to the built-in roots.
pub(crate) static CA_FILE: Setting = Setting {
    key: "ca_file",
    flag: Some("ca-file"),
    variable: "TIDINGS_CA_FILE",
    shape: Shape::Text,
    default: None,
    value_name: "PEM",
    help: "Certificate authorities that deliveries trust besides the built-in roots",
};

/// The keys that encrypt secrets at rest.
pub(crate) static SECRETS_KEY: Setting = Setting {
    key: "secrets_key",
    flag: None,
    variable: "TIDINGS_SECRETS_KEY",
    shape: Shape::Secret,
    default: None,
    value_name: "HEX",
    help: "Encrypts secrets at rest: 32 bytes hex; of a comma list the first encrypts, all decrypt",
};

/// The file that holds the keys that encrypt secrets at rest.
pub(crate) static SECRETS_KEY_FILE: Setting = Setting {
    key: "secrets_key_file",
    flag: None,
    variable: "TIDINGS_SECRETS_KEY_FILE",
    shape: Shape::Text,
    default: None,
    value_name: "FILE",
    help: "File that holds the secrets key",
};

/// How long history is kept.
pub(crate) static RETENTION_DAYS: Setting = Setting {
    key: "retention_days",
    flag: Some("retention-days"),
    variable: "TIDINGS_RETENTION_DAYS",
    shape: Shape::Number,
    default: Some("30"),
    value_name: "N",
    help: "Days that events and settled deliveries are kept",
};

/// Where the metrics are served.
pub(crate) static METRICS_LISTEN: Setting = Setting {
    key: "metrics_listen",
    flag: Some("metrics-listen"),
    variable: "TIDINGS_METRICS_LISTEN",
    shape: Shape::Text,
    default: Some("127.0.0.1:8401"),
    value_name: "ADDR",
    help: "Address that serves /metrics, and nothing else does; or off",
};

/// How log lines look.
pub(crate) static LOG: Setting = Setting {
    key: "log",
    flag: Some("log"),
    variable: "TIDINGS_LOG",
    shape: Shape::Text,
    default: Some("text"),
    value_name: "text|json",
    help: "How log lines look",
};

/// Which log lines are written.
pub(crate) static LOG_FILTER: Setting = Setting {
    key: "log_filter",
    flag: None,
    variable: "RUST_LOG",
    shape: Shape::Text,
    default: Some("info"),
    value_name: "FILTER",
    help: "Which log lines are written, such as info or tidings_delivery=debug",
};

/// Every setting, in the order of the documentation.
pub(crate) static ALL: [&Setting; 15] = [
    &LISTEN,
    &PUBLIC_URL,
    &STORE,
    &ROLE,
    &ADMIN_KEY,
    &ADMIN_KEY_FILE,
    &ALLOW_TARGETS,
    &ALLOW_HTTP,
    &CA_FILE,
    &SECRETS_KEY,
    &SECRETS_KEY_FILE,
    &RETENTION_DAYS,
    &METRICS_LISTEN,
    &LOG,
    &LOG_FILTER,
];
