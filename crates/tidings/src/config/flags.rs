//! The flag layer: clap arguments made from the table of settings. Values stay texts here, so that
//! a bad flag is told together with every other problem instead of alone.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::environment::CONFIG_VARIABLE;
use super::origin::Origin;
use super::raw::RawConfig;
use super::settings::{self, Setting, Shape};

const HEADING: &str = "Settings (file < environment < flag)";
const CONFIG: &str = "config";

/// The settings that were given as flags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flags {
    /// `--config`.
    pub(super) config: Option<PathBuf>,
    given: Vec<(&'static Setting, String)>,
}

impl Flags {
    /// Lays the flags over everything else.
    pub(super) fn read(&self, raw: &mut RawConfig) {
        for (setting, text) in &self.given {
            if let Some(flag) = setting.flag {
                raw.give(setting, text.clone(), Origin::Flag(format!("--{flag}")));
            }
        }
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut flags = Self::default();
        flags.update_from_arg_matches(matches)?;
        Ok(flags)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.config = matches.get_one::<PathBuf>(CONFIG).cloned();
        self.given = settings::ALL
            .into_iter()
            .filter(|setting| setting.flag.is_some())
            .filter_map(|setting| {
                let texts: Vec<&str> = matches
                    .get_many::<String>(setting.key)?
                    .map(String::as_str)
                    .collect();
                Some((setting, texts.join(",")))
            })
            .collect();
        Ok(())
    }
}

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let config = Arg::new(CONFIG)
            .long(CONFIG)
            .value_name("FILE")
            .value_parser(clap::value_parser!(PathBuf))
            .help(format!("TOML file with settings [env: {CONFIG_VARIABLE}]"))
            .help_heading(HEADING);
        let settings = settings::ALL.into_iter().filter_map(argument);
        command.arg(config).args(settings)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

fn argument(setting: &'static Setting) -> Option<Arg> {
    let default = match setting.default {
        Some(default) => format!(" [default: {default}]"),
        None => String::new(),
    };
    let argument = Arg::new(setting.key)
        .long(setting.flag?)
        .value_name(setting.value_name)
        .help(format!(
            "{} [env: {}]{default}",
            setting.help, setting.variable
        ))
        .help_heading(HEADING);
    Some(match setting.shape {
        Shape::List => argument.action(ArgAction::Append),
        Shape::Switch => argument
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Shape::Text | Shape::Number | Shape::Secret => argument,
    })
}
