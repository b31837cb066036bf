//! Secrets keys: wrong ones, lost ones, new ones (embedded engine: the file itself is looked at).

use tidings_core::webhook::{PreviousSecret, Webhook};
use tidings_events::Secret;
use tidings_store::answer::{Answer, Remember};
use tidings_store::change::{Change, Request};
use tidings_store::seal::Sealer;
use tidings_store::{OpenError, Store};

use crate::bench::{Bench, DAY, SECOND, START, Sqlite};

const OLD: [u8; 32] = [1; 32];
const NEW: [u8; 32] = [2; 32];

/// A store sealed with `keys` that holds a webhook in an overlap and a remembered secret.
async fn sealed(keys: &[[u8; 32]]) -> (Bench<Sqlite>, Remember, Answer) {
    let bench = Bench::<Sqlite>::open_sealed(Sealer::new(keys));
    let organization = bench.organization(None).await;
    bench
        .webhook_with(organization, |webhook| {
            webhook.previous_secret = Some(PreviousSecret {
                secret: Secret::from_random([9; 32]),
                until: START.plus(SECOND),
            });
        })
        .await;
    let (remember, answer) = remember_secret(&bench).await;
    (bench, remember, answer)
}

async fn remember_secret(bench: &Bench<Sqlite>) -> (Remember, Answer) {
    let remember = Remember::new(None, "POST", "/v1/webhooks", "k", b"{}");
    let answer = Answer {
        status: 201,
        body: r#"{"secret":"whsec_answer"}"#.into(),
        secret: true,
    };
    let request = Request {
        change: Change::Nothing,
        remember: Some((remember, answer.clone())),
        event: None,
    };
    bench.store.change(request).await.unwrap().unwrap();
    (remember, answer)
}

async fn reopen(bench: Bench<Sqlite>, keys: &[[u8; 32]]) -> Result<Bench<Sqlite>, OpenError> {
    bench.reopen_as(Sealer::new(keys), START).await
}

fn webhooks(store: &Store) -> Vec<Webhook> {
    let directory = store.directory();
    let organizations = directory.organizations();
    organizations
        .iter()
        .flat_map(|organization| directory.webhooks_of(organization.id))
        .map(|webhook| (*webhook).clone())
        .collect()
}

#[tokio::test]
async fn a_wrong_key_opens_nothing() {
    for keys in [&[NEW][..], &[]] {
        let (bench, ..) = sealed(&[OLD]).await;
        let path = bench.place.path().display().to_string();
        let error = reopen(bench, keys).await.err().unwrap();
        assert_eq!(
            error.to_string(),
            format!(
                "the configured secrets keys cannot open what is stored in {path}; give the key \
                 it was written with in TIDINGS_SECRETS_KEY, after the new one if it was rotated"
            )
        );
    }
}

/// Else the answer to a repeated request would be lost without a word.
#[tokio::test]
async fn a_wrong_key_is_told_though_only_an_answer_is_sealed() {
    let bench = Bench::<Sqlite>::open_sealed(Sealer::new(&[OLD]));
    remember_secret(&bench).await;
    let wrong = reopen(bench, &[NEW]).await.err().unwrap();
    assert!(matches!(wrong, OpenError::WrongSecretsKey { .. }));
}

/// What is past its day cannot keep the store shut.
#[tokio::test]
async fn a_forgotten_answer_asks_for_no_key() {
    let bench = Bench::<Sqlite>::open_sealed(Sealer::new(&[OLD]));
    remember_secret(&bench).await;
    let opened = bench.reopen_as(Sealer::new(&[NEW]), START.plus(DAY)).await;
    assert!(opened.is_ok());
}

#[tokio::test]
async fn after_a_rotation_the_old_key_can_go() {
    let (bench, remember, answer) = sealed(&[OLD]).await;
    let before = webhooks(&bench.store);
    let bench = reopen(bench, &[NEW, OLD]).await.unwrap();
    let bench = reopen(bench, &[NEW]).await.unwrap();
    assert!(webhooks(&bench.store) == before);
    let recalled = bench.store.recall(remember.scope).await.unwrap().unwrap();
    assert_eq!(recalled.answer, answer);
}

#[tokio::test]
async fn a_first_key_seals_what_was_readable() {
    let (bench, ..) = sealed(&[]).await;
    let before = webhooks(&bench.store);
    let bench = reopen(bench, &[NEW]).await.unwrap();
    assert!(webhooks(&bench.store) == before);
    let place = bench.close().await;
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let documents: String = connection
        .query_row(
            "select group_concat(document) from directory where kind = 'webhook'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(!documents.contains("whsec_") && !documents.contains("X-Team"));
}
