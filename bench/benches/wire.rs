//! What one event costs on its way out, before any IO: check, match, render, sign.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput};
use tidings_events::{
    Dialect, EventView, OccurredAt, Pattern, PatternSet, RenderContext, Secret, Signer, event_type,
};

const KIND: &str = "message.received";
/// Bytes of `data` that the figures are promised for; the sample has somewhat more.
const DATA_BYTES_MIN: usize = 1024;
/// What the samples are asked with.
const CONTEXT: RenderContext<'static> = RenderContext {
    public_url: "https://tidings.example",
    delivery_number: None,
};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    check(&mut criterion);
    match_patterns(&mut criterion);
    render(&mut criterion);
    sign(&mut criterion);
    deliver(&mut criterion);
    criterion.final_summary();
}

/// The catalogue's own sample, which every dialect carries.
fn sample() -> serde_json::Value {
    let kind = event_type(KIND).expect("the catalogue has message.received");
    kind.sample().clone()
}

fn check(criterion: &mut Criterion) {
    let kind = event_type(KIND).expect("the catalogue has message.received");
    let data = sample();
    criterion.bench_function("check", |bencher| {
        bencher.iter(|| kind.check(black_box(&data)));
    });
}

fn match_patterns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("match");
    for (name, patterns) in [
        ("exact", &["call.ended", "message.received"][..]),
        ("wildcard", &["call.*", "message.*"]),
        ("nothing", &["call.ended", "contact.*"]),
    ] {
        let patterns: Vec<Pattern> = patterns
            .iter()
            .map(|text| text.parse().expect("the patterns are well formed"))
            .collect();
        let set = PatternSet::new(&patterns);
        group.bench_function(name, |bencher| {
            bencher.iter(|| set.matches(black_box(KIND)));
        });
    }
    group.finish();
}

fn event(data: &str) -> EventView<'_> {
    assert!(data.len() >= DATA_BYTES_MIN, "the sample has shrunk");
    EventView {
        id: "evt_06f8qk3z00001",
        kind: KIND,
        version: 1,
        organization_id: "org_06f8qk3z00000",
        occurred_at: OccurredAt::Made(1_700_000_000_000),
        sequence: Some(7),
        actor: Some(r#"{"type":"api_key","id":"key_06f8qk3z00000","name":"Support desk"}"#),
        data,
    }
}

fn render(criterion: &mut Criterion) {
    let data = sample().to_string();
    let event = event(&data);
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Bytes(data.len() as u64));
    for dialect in Dialect::ALL {
        let id = BenchmarkId::from_parameter(dialect.as_str());
        group.bench_with_input(id, &dialect, |bencher, dialect| {
            bencher.iter(|| dialect.render(black_box(&event), &CONTEXT));
        });
    }
    group.finish();
}

fn sign(criterion: &mut Criterion) {
    let secret = Secret::from_random([7; 32]);
    let data = sample().to_string();
    let mut group = criterion.benchmark_group("sign");
    for dialect in Dialect::ALL {
        let body = dialect.render(&event(&data), &CONTEXT);
        group.throughput(Throughput::Bytes(body.len() as u64));
        let signer = Signer::new(dialect, &secret, None);
        let id = BenchmarkId::from_parameter(dialect.as_str());
        group.bench_with_input(id, &signer, |bencher, signer| {
            bencher
                .iter(|| signer.headers("evt_1", "dlv_1", KIND, 1_700_000_000, black_box(&body)));
        });
    }
    group.finish();
}

/// The whole cost of the first delivery of an event in a dialect: named, rendered, numbered and signed.
/// The next ones, to other webhooks that speak it, cost what is left without the rendering.
fn deliver(criterion: &mut Criterion) {
    let secret = Secret::from_random([7; 32]);
    let data = sample().to_string();
    let event = event(&data);
    let mut group = criterion.benchmark_group("deliver");
    for dialect in Dialect::ALL {
        let signer = Signer::new(dialect, &secret, None);
        let id = BenchmarkId::from_parameter(dialect.as_str());
        group.bench_with_input(id, &signer, |bencher, signer| {
            bencher.iter(|| {
                let event = black_box(&event);
                let name = dialect.name_of(&event.facts()).unwrap_or_default();
                let body: Arc<[u8]> = dialect.render(event, &CONTEXT).into();
                let body = dialect.numbered(&body, 7);
                signer.headers(event.id, "dlv_06f8qk3z00001", &name, 1_700_000_000, &body)
            });
        });
    }
    group.finish();
}
