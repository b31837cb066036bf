//! What one event costs on its way out, before any IO: check, match, render, sign.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use tidings_events::{
    Dialect, EventView, OccurredAt, Pattern, PatternSet, RenderContext, Secret, Signer, event_type,
};

const KIND: &str = "message.received";
const DIALECTS: [Dialect; 5] = [
    Dialect::Atender,
    Dialect::Chatshipper,
    Dialect::Varda,
    Dialect::Dialogbrain,
    Dialect::Standard,
];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    check(&mut criterion);
    match_patterns(&mut criterion);
    render(&mut criterion);
    sign(&mut criterion);
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

fn render(criterion: &mut Criterion) {
    let data = sample().to_string();
    let event = EventView {
        id: "evt_01jd0000000000000000000000",
        kind: KIND,
        version: 1,
        organization_id: "org_01jd0000000000000000000000",
        occurred_at: OccurredAt::Made(1_700_000_000_000),
        sequence: Some(7),
        actor: None,
        data: &data,
    };
    let context = RenderContext {
        public_url: "https://tidings.example",
        delivery_number: Some(7),
    };
    let mut group = criterion.benchmark_group("render");
    for dialect in DIALECTS {
        let id = BenchmarkId::from_parameter(dialect.as_str());
        group.bench_with_input(id, &dialect, |bencher, dialect| {
            bencher.iter(|| dialect.render(black_box(&event), &context));
        });
    }
    group.finish();
}

fn sign(criterion: &mut Criterion) {
    let secret = Secret::from_random([7; 32]);
    let body = vec![b'x'; 1024];
    let mut group = criterion.benchmark_group("sign");
    group.throughput(Throughput::Bytes(body.len() as u64));
    for dialect in DIALECTS {
        let signer = Signer::new(dialect, &secret, None);
        let id = BenchmarkId::from_parameter(dialect.as_str());
        group.bench_with_input(id, &signer, |bencher, signer| {
            bencher
                .iter(|| signer.headers("evt_1", "dlv_1", KIND, 1_700_000_000, black_box(&body)));
        });
    }
    group.finish();
}
