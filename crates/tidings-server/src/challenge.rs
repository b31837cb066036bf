//! Asking an endpoint whether it wants to be delivered to. No transaction is open meanwhile, and
//! nothing rests on the answer until a commit says so.

use std::sync::Arc;

use tidings_core::delivery::Attempt;
use tidings_core::errand::{Crowded, Errand};
use tidings_core::webhook::Webhook;
use tidings_core::webhook::challenge::{CHALLENGE_BYTES, Challenge};

use crate::app::App;
use crate::problem::Problem;
use crate::routes::fill_random;

/// What an endpoint made of a challenge.
pub(crate) struct Challenged {
    /// The request and its answer.
    pub(crate) attempt: Attempt,
    /// Whether the answer was the challenge.
    pub(crate) is_echoed: bool,
}

/// Asks the endpoint of `webhook` as it is given, stored or not.
pub(crate) async fn ask(
    app: &App,
    webhook: Arc<Webhook>,
) -> Result<Result<Challenged, Crowded>, Problem> {
    let mut random = [0; CHALLENGE_BYTES];
    fill_random(&mut random)?;
    let challenge = Challenge::from_random(random);
    let errand = Errand::Challenge(challenge.clone());
    let answered = app.courier.run(webhook, errand).await;
    Ok(answered.map(|attempt| Challenged {
        is_echoed: challenge.is_echoed_by(&attempt),
        attempt,
    }))
}

/// Whether it echoes the challenge. An endpoint that cannot be asked right now has not echoed: its
/// webhook waits for somebody to verify it.
pub(crate) async fn is_echoed(app: &App, webhook: &Webhook) -> Result<bool, Problem> {
    let challenged = ask(app, Arc::new(webhook.clone())).await?;
    Ok(challenged.is_ok_and(|challenged| challenged.is_echoed))
}
