//! `tidings dev`: what a newcomer sees first. A server on a store that goes away, a receiver that
//! verifies every signature, and a recorded day of support traffic played through the real API.

mod day;
mod demo;
mod player;
mod receiver;
mod screen;

use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;

use crate::commands::serve::{self, Signals};
use crate::config::{self, Config, Environment, Flags};
use crate::failure::Failure;
use crate::installation::Installation;
use demo::Demo;
use player::Player;
use receiver::Receiver;
use screen::Screen;

const EXAMPLES: &str = "\
Examples:
  tidings dev                          watch deliveries arrive; Ctrl-C ends with a summary
  tidings dev --once                   end by itself when the day is over
  tidings dev --listen 127.0.0.1:0     on a free port

While it runs, the API answers curl at the printed address with the printed key.";

/// Where the demonstration keeps its data unless `--store` says otherwise.
const STORE_FILE: &str = "tidings-dev.db";

/// Watch Tidings at work: a demo organization, a verifying receiver, a day of support traffic
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// End with the summary when the day has been played
    #[arg(long)]
    once: bool,
}

/// Serves, plays and shows until a signal, or with `--once` until the day is over.
pub(crate) fn run(arguments: &Arguments, environment: &Environment) -> Result<(), Failure> {
    let folder = tempfile::tempdir().context("there is no place for a temporary store")?;
    let loaded = config::load(&arguments.flags, environment);
    let kept = loaded.raw.is_given("store");
    let mut config = loaded.config?;
    if !kept {
        config.store = config::Store::Sqlite {
            path: folder.path().join(STORE_FILE),
        };
    }
    reach_this_machine(&mut config);
    serve::log(&config)?;
    serve::runtime()?
        .block_on(demonstrate(&config, arguments.once))
        .map_err(Failure::Failed)
}

/// The receiver is on this machine and speaks plain http; figures are not asked for.
fn reach_this_machine(config: &mut Config) {
    config.delivery.allow_http = true;
    let loopback = ["127.0.0.0/8", "::1/128"];
    config.delivery.allow_targets.extend(
        loopback
            .iter()
            .filter_map(|range| range.parse::<ipnet::IpNet>().ok()),
    );
    config.metrics_listen = None;
}

async fn demonstrate(config: &Config, once: bool) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let installation = Installation::start(config).await?;
    let receiver = Receiver::start().await?;
    let reports = installation.reports().listen();
    let address = installation.address();
    let demo = {
        let admin_key = installation.admin_key(config)?;
        let receiver = receiver.clone();
        // The client blocks, as any other program that speaks to the API would.
        tokio::task::spawn_blocking(move || Demo::set_up(address, &admin_key, &receiver)).await??
    };
    let screen = Arc::new(Screen::open(address, &demo, receiver)?);
    let showing = tokio::spawn(screen.clone().show(reports));
    let mut player = Player::start(&demo)?;
    tokio::select! {
        () = signals.next() => {}
        played = player.finished() => {
            screen.played(played?);
            if once {
                screen.all_settled(installation.store()).await;
            } else {
                screen.invite()?;
                signals.next().await;
            }
        }
    }
    player.stop();
    let store = installation.store().clone();
    serve::stop(installation, signals).await?;
    showing.abort();
    screen.sum_up(&store)
}
