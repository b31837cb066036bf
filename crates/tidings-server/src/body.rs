//! Bodies: read within a bound, and written whole or as a stream.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};

use crate::problem::{Code, Problem};

/// How long a caller may take to send a body.
const BODY_TIME_MAX: Duration = Duration::from_mins(1);

/// What is sent back.
pub(crate) type Sent = Either<Full<Bytes>, UnsyncBoxBody<Bytes, Infallible>>;

/// The whole body, when it has at most `bytes_max` bytes and arrives in time.
pub(crate) async fn read(body: Incoming, bytes_max: usize) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large(bytes_max));
    }
    match tokio::time::timeout(BODY_TIME_MAX, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Ok(Err(_)) => Err(Problem::new(
            Code::MalformedJson,
            "the body ended before it was complete",
        )),
        Err(_) => Err(Problem::new(
            Code::RequestTimeout,
            "the body did not arrive in time; send it again",
        )),
    }
}

fn too_large(bytes_max: usize) -> Problem {
    let detail = format!(
        "the body is larger than {} MiB; send less at once",
        bytes_max / (1024 * 1024)
    );
    Problem::new(Code::PayloadTooLarge, detail)
}
