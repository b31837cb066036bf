//! How organizations, keys, webhooks and event types become rows of the directory, and back.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tidings_core::access::ApiKey;
use tidings_core::clock::{GivenTime, Timestamp};
use tidings_core::event_type::CustomType;
use tidings_core::id::{EventTypeId, KeyId, OrganizationId, WebhookId};
use tidings_core::organization::{Organization, OrganizationSettings};
use tidings_core::webhook::{Activity, PreviousSecret, Settings, Verification, Webhook};
use tidings_events::Secret;
use tidings_events::custom::CustomSchema;

use crate::seal::Sealer;

/// A row of the directory.
#[derive(Debug)]
pub(crate) struct NounRow {
    pub(crate) kind: &'static str,
    pub(crate) organization_id: i64,
    pub(crate) id: i64,
    pub(crate) version: i64,
    pub(crate) document: String,
}

pub(crate) const ORGANIZATION: &str = "organization";
pub(crate) const API_KEY: &str = "api_key";
pub(crate) const WEBHOOK: &str = "webhook";
pub(crate) const EVENT_TYPE: &str = "event_type";
/// Every kind of row.
pub(crate) const KINDS: [&str; 4] = [ORGANIZATION, API_KEY, WEBHOOK, EVENT_TYPE];

/// Why a row could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// A secret is sealed with a key that is not configured.
    Sealed,
    /// The row is not what it should be.
    Corrupt(String),
}

impl From<serde_json::Error> for Unreadable {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

#[derive(Serialize, Deserialize)]
struct OrganizationDocument {
    parent_id: Option<i64>,
    settings: OrganizationSettings,
    created_ms: i64,
    updated_ms: i64,
}

pub(crate) fn organization_row(organization: &Organization) -> NounRow {
    let document = OrganizationDocument {
        parent_id: organization.parent_id.map(|id| id.0),
        settings: organization.settings.clone(),
        created_ms: organization.created_at.as_ms(),
        updated_ms: organization.updated_at.as_ms(),
    };
    row(
        ORGANIZATION,
        organization.id,
        organization.id.0,
        organization.version,
        &document,
    )
}

pub(crate) fn organization(
    id: i64,
    version: i64,
    document: &str,
) -> Result<Organization, Unreadable> {
    let document: OrganizationDocument = serde_json::from_str(document)?;
    Ok(Organization {
        id: OrganizationId(id),
        parent_id: document.parent_id.map(OrganizationId),
        settings: document.settings,
        version,
        created_at: Timestamp::from_ms(document.created_ms),
        updated_at: Timestamp::from_ms(document.updated_ms),
    })
}

#[derive(Serialize, Deserialize)]
struct ApiKeyDocument {
    name: String,
    scopes: Vec<String>,
    hint: String,
    hash: String,
    /// As it was given.
    expires_at: Option<String>,
    created_ms: i64,
}

pub(crate) fn api_key_row(key: &ApiKey) -> NounRow {
    let document = ApiKeyDocument {
        name: key.name.clone(),
        scopes: key.scopes.iter().map(ToString::to_string).collect(),
        hint: key.hint.clone(),
        hash: hex::encode(key.hash),
        expires_at: key.expires_at.as_ref().map(ToString::to_string),
        created_ms: key.created_at.as_ms(),
    };
    row(API_KEY, key.organization_id, key.id.0, 1, &document)
}

pub(crate) fn api_key(organization_id: i64, id: i64, document: &str) -> Result<ApiKey, Unreadable> {
    let document: ApiKeyDocument = serde_json::from_str(document)?;
    let mut hash = [0; 32];
    hex::decode_to_slice(&document.hash, &mut hash)
        .map_err(|error| Unreadable::Corrupt(error.to_string()))?;
    let corrupt = |what: &str| Unreadable::Corrupt(what.to_owned());
    let expires_at = document
        .expires_at
        .map(|text| GivenTime::parse(&text).ok_or_else(|| corrupt("it ends at no time")))
        .transpose()?;
    let scopes: Result<_, _> = document.scopes.iter().map(|text| text.parse()).collect();
    Ok(ApiKey {
        id: KeyId(id),
        organization_id: OrganizationId(organization_id),
        name: document.name,
        scopes: scopes.map_err(|_| corrupt("it holds an unknown scope"))?,
        hint: document.hint,
        hash,
        expires_at,
        created_at: Timestamp::from_ms(document.created_ms),
    })
}

#[derive(Serialize, Deserialize)]
struct EventTypeDocument {
    name: String,
    description: String,
    schema: Value,
    sample: Value,
    created_ms: i64,
    updated_ms: i64,
}

pub(crate) fn event_type_row(event_type: &CustomType) -> NounRow {
    let document = EventTypeDocument {
        name: event_type.name.clone(),
        description: event_type.description.clone(),
        schema: event_type.schema.text().clone(),
        sample: event_type.sample.clone(),
        created_ms: event_type.created_at.as_ms(),
        updated_ms: event_type.updated_at.as_ms(),
    };
    row(
        EVENT_TYPE,
        event_type.organization_id,
        event_type.id.0,
        event_type.version.into(),
        &document,
    )
}

pub(crate) fn event_type(row: &NounRow) -> Result<CustomType, Unreadable> {
    let document: EventTypeDocument = serde_json::from_str(&row.document)?;
    let version = u32::try_from(row.version);
    Ok(CustomType {
        id: EventTypeId(row.id),
        organization_id: OrganizationId(row.organization_id),
        name: document.name,
        description: document.description,
        schema: CustomSchema::stored(document.schema),
        sample: document.sample,
        version: version.map_err(|_| Unreadable::Corrupt("its version is none".into()))?,
        created_at: Timestamp::from_ms(document.created_ms),
        updated_at: Timestamp::from_ms(document.updated_ms),
    })
}

#[derive(Serialize, Deserialize)]
struct WebhookDocument {
    dialect: String,
    settings: Settings,
    /// A JSON list of pairs, sealed.
    custom_headers: String,
    activity: Activity,
    verification: Verification,
    /// Sealed.
    secret: String,
    /// Sealed.
    previous_secret: Option<String>,
    previous_until_ms: Option<i64>,
    created_ms: i64,
    updated_ms: i64,
}

pub(crate) fn webhook_row(webhook: &Webhook, sealer: &Sealer) -> NounRow {
    let name = webhook.id.to_string();
    let headers =
        serde_json::to_string(&webhook.settings.custom_headers).expect("pairs of strings are JSON");
    let previous = webhook.previous_secret.as_ref();
    let document = WebhookDocument {
        dialect: webhook.dialect.as_str().to_owned(),
        settings: webhook.settings.clone(),
        custom_headers: sealer.seal(&name, &headers),
        activity: webhook.activity.clone(),
        verification: webhook.verification,
        secret: sealer.seal(&name, webhook.secret.as_str()),
        previous_secret: previous.map(|previous| sealer.seal(&name, previous.secret.as_str())),
        previous_until_ms: previous.map(|previous| previous.until.as_ms()),
        created_ms: webhook.created_at.as_ms(),
        updated_ms: webhook.updated_at.as_ms(),
    };
    row(
        WEBHOOK,
        webhook.organization_id,
        webhook.id.0,
        webhook.version,
        &document,
    )
}

pub(crate) fn webhook(row: &NounRow, sealer: &Sealer) -> Result<Webhook, Unreadable> {
    let document: WebhookDocument = serde_json::from_str(&row.document)?;
    let id = WebhookId(row.id);
    let name = id.to_string();
    let open = |sealed: &str| sealer.open(&name, sealed).map_err(|_| Unreadable::Sealed);
    let secret = |sealed: &str| -> Result<Secret, Unreadable> {
        open(sealed)?
            .parse()
            .map_err(|_| Unreadable::Corrupt("its secret is not a secret".into()))
    };
    let previous_secret = match (&document.previous_secret, document.previous_until_ms) {
        (Some(sealed), Some(until)) => Some(PreviousSecret {
            secret: secret(sealed)?,
            until: Timestamp::from_ms(until),
        }),
        _ => None,
    };
    let custom_headers = serde_json::from_str(&open(&document.custom_headers)?)?;
    Ok(Webhook {
        id,
        organization_id: OrganizationId(row.organization_id),
        dialect: document
            .dialect
            .parse()
            .map_err(|_| Unreadable::Corrupt("its dialect is unknown".into()))?,
        settings: Settings {
            custom_headers,
            ..document.settings
        },
        activity: document.activity,
        verification: document.verification,
        secret: secret(&document.secret)?,
        previous_secret,
        version: row.version,
        created_at: Timestamp::from_ms(document.created_ms),
        updated_at: Timestamp::from_ms(document.updated_ms),
    })
}

/// Whether every secret in a webhook's row is sealed with the first key.
pub(crate) fn is_current(row: &NounRow, sealer: &Sealer) -> Result<bool, Unreadable> {
    let document: WebhookDocument = serde_json::from_str(&row.document)?;
    let mut secrets = [&document.custom_headers, &document.secret]
        .into_iter()
        .chain(&document.previous_secret);
    Ok(secrets.all(|sealed| sealer.is_current(sealed)))
}

fn row(
    kind: &'static str,
    organization: OrganizationId,
    id: i64,
    version: i64,
    document: &impl Serialize,
) -> NounRow {
    let document = serde_json::to_string(document).expect("documents have string keys only");
    NounRow {
        kind,
        organization_id: organization.0,
        id,
        version,
        document,
    }
}
