//! A running installation as its clients see it.

use std::time::SystemTime;

use http::header;
use jiff::Timestamp;
use url::Url;

use super::Finding;
use crate::client::{Answer, Client};

/// Receivers refuse what is 300 s off; a clock that is this far off is no longer kept by anyone.
const CLOCK_SKEW_S_MAX: i64 = 5;

/// `unreachable` judges what it means that nobody answers.
pub(super) fn look(
    url: &Url,
    unreachable: fn(String, String) -> Finding,
) -> anyhow::Result<Vec<Finding>> {
    let client = Client::new(url.clone(), None)?;
    let health = match client.probe(&["healthz"]) {
        Ok(answer) => answer,
        Err(error) => {
            let fix = "start it with `tidings serve`, or name it with --url".to_owned();
            return Ok(vec![unreachable(
                format!("{url} does not answer: {}", error.root_cause()),
                fix,
            )]);
        }
    };
    let mut findings = vec![alive(url, &health)];
    findings.push(ready(url, &client.probe(&["readyz"])?));
    findings.extend(clock(&health));
    Ok(findings)
}

fn alive(url: &Url, health: &Answer) -> Finding {
    let status = health.head.status;
    if status.is_success() {
        return Finding::good(format!("{url} is alive"));
    }
    Finding::bad(
        format!("{url} answers /healthz with {status}"),
        "is it Tidings that listens there?",
    )
}

fn ready(url: &Url, readiness: &Answer) -> Finding {
    let status = readiness.head.status;
    if status.is_success() {
        return Finding::good(format!("{url} is ready for work"));
    }
    let reason = String::from_utf8_lossy(&readiness.body);
    Finding::bad(
        format!("{url} is not ready ({status}): {}", reason.trim()),
        "its log tells whether the store is away or it is shutting down",
    )
}

/// The `Date` of an answer has whole seconds, which is enough here.
fn clock(health: &Answer) -> Option<Finding> {
    let date = health.head.headers.get(header::DATE)?.to_str().ok()?;
    let theirs: SystemTime = httpdate::parse_http_date(date).ok()?;
    let theirs = Timestamp::try_from(theirs).ok()?;
    let skew_s = theirs.as_second() - Timestamp::now().as_second();
    Some(if skew_s.abs() > CLOCK_SKEW_S_MAX {
        Finding::bad(
            format!("its clock is {skew_s} s off from this machine's"),
            "keep both by NTP: receivers refuse signatures whose time is wrong",
        )
    } else {
        Finding::good("its clock agrees with this machine's")
    })
}
