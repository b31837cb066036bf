//! Bodies: read within a bound, and written whole or as a stream.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use crate::problem::{Code, Problem};

/// How long a caller may take to send a body.
const BODY_TIME_MAX: Duration = Duration::from_mins(1);
/// How much of a body that is too large is let go by.
const PASS_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How long that may take.
const PASS_TIME_MAX: Duration = Duration::from_secs(5);

/// What is sent back.
pub(crate) type Sent = Either<Full<Bytes>, UnsyncBoxBody<Bytes, Infallible>>;

/// The whole body, when it has at most `bytes_max` bytes and arrives in time. `awaits_leave` tells
/// that the caller sends it only when asked to (`Expect: 100-continue`).
pub(crate) async fn read(
    mut body: Incoming,
    bytes_max: usize,
    awaits_leave: bool,
) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if body.size_hint().lower() > bytes_max as u64 {
        if !awaits_leave {
            let_pass(body).await;
        }
        return Err(too_large(bytes_max));
    }
    match timeout(BODY_TIME_MAX, Limited::new(&mut body, bytes_max).collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            let_pass(body).await;
            Err(too_large(bytes_max))
        }
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

/// Lets what is left of a body go by, within bounds: many callers look for an answer only once they
/// have sent everything, and closing on them would lose it.
async fn let_pass(mut body: Incoming) {
    let pass = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > PASS_BYTES_MAX {
                break;
            }
        }
    };
    // Whether it ended or not, the answer is the same.
    let _ = timeout(PASS_TIME_MAX, pass).await;
}

fn too_large(bytes_max: usize) -> Problem {
    let detail = format!(
        "the body is larger than {} MiB; send less at once",
        bytes_max / (1024 * 1024)
    );
    Problem::new(Code::PayloadTooLarge, detail)
}
