//! How nouns look in JSON: camelCase, every field always there, unknown ones null (contract §4).

mod delivery;
mod errand;
mod event;
mod event_type;
mod explanation;
mod key;
mod organization;
mod replay;
mod stats;
mod webhook;

pub(crate) use delivery::{DeliveryDetails, DeliveryView};
pub(crate) use errand::{NOT_ECHOED, TestView, VerificationView};
pub(crate) use event::EventDocument;
pub(crate) use event_type::EventTypeView;
pub(crate) use explanation::ExplanationView;
pub(crate) use key::KeyView;
pub(crate) use organization::OrganizationView;
pub(crate) use replay::ReplayView;
pub(crate) use stats::StatsView;
pub(crate) use webhook::WebhookView;

use serde::Serializer;

/// Shows a value by its `Display`: ids, scopes.
fn by_display<T: std::fmt::Display, S: Serializer>(
    value: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}
