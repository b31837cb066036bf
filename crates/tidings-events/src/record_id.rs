//! Ids of records as the dialects want them: integers for one vendor, text for another.

use sha2::{Digest, Sha256};

use crate::json;

/// Prefixes of the records the conversation core makes (contract §4).
const OWN_PREFIXES: [&str; 10] = [
    "cnv", "msg", "cnt", "cal", "drf", "usr", "sla", "out", "res", "org",
];
/// Crockford's base 32, the digits of Tidings' own ids.
const OWN_DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const OWN_DIGIT_COUNT: usize = 13;
/// Integers below this are exact in every JSON reader.
const EXACT_BITS: u32 = 53;

/// The key behind an id of Tidings' own exact form (prefix, `_`, 13 digits); `None` for a foreign id.
pub(crate) fn own_key(id: &str) -> Option<u64> {
    let (prefix, digits) = id.split_once('_')?;
    if digits.len() != OWN_DIGIT_COUNT || !OWN_PREFIXES.contains(&prefix) {
        return None;
    }
    let mut key: u128 = 0;
    for byte in digits.bytes() {
        let digit = OWN_DIGITS.iter().position(|known| *known == byte)?;
        key = key << 5 | digit as u128;
    }
    i64::try_from(key).ok().map(i64::cast_unsigned)
}

/// Whether an id has Tidings' own exact form, so that the conversation core holds the record.
pub fn is_own_id(id: &str) -> bool {
    own_key(id).is_some()
}

/// Whether a raw JSON id has Tidings' own exact form, so that the core holds the record.
pub(crate) fn is_own(raw: Option<&str>) -> bool {
    raw.and_then(json::text).is_some_and(|id| is_own_id(&id))
}

/// Whether a raw JSON id is that of a resource of the core.
pub(crate) fn is_own_resource(raw: Option<&str>) -> bool {
    is_own(raw) && raw.is_some_and(|raw| raw.starts_with("\"res_"))
}

/// An id as the integer text Varda's receivers expect (contract §6).
///
/// An integer, or the decimal text of one, is kept; a record of the core has its own key when that is
/// below 2^53; any other id becomes the first 53 bits of its SHA-256.
pub(crate) fn to_integer(raw: &str) -> String {
    let id = json::text(raw).map_or_else(|| raw.to_owned(), Into::into);
    if is_decimal(&id) {
        return id;
    }
    match own_key(&id).filter(|key| *key >> EXACT_BITS == 0) {
        Some(key) => key.to_string(),
        None => whole_number(raw).unwrap_or_else(|| first_bits_of_hash(&id).to_string()),
    }
}

/// The plain spelling of an integer that was published as `7.0` or `7e0`, which JSON takes for the same.
fn whole_number(raw: &str) -> Option<String> {
    let number: f64 = raw.parse().ok()?;
    let is_exact = number.fract() == 0.0 && number.abs() < (1_u64 << EXACT_BITS) as f64;
    is_exact.then(|| format!("{number:.0}"))
}

/// A raw JSON id as the text it stands for.
pub fn to_text(raw: &str) -> String {
    match json::text(raw) {
        Some(id) => id.into(),
        None => whole_number(raw).unwrap_or_else(|| raw.to_owned()),
    }
}

/// Whether this is how JSON writes an integer: no leading zero, no plus, no fraction, no exponent.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (text == "0" || !digits.starts_with('0'))
}

fn first_bits_of_hash(id: &str) -> u64 {
    let hash = Sha256::digest(id.as_bytes());
    let first = hash.first_chunk::<8>().expect("SHA-256 has 32 bytes");
    u64::from_be_bytes(*first) >> (u64::BITS - EXACT_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_for_varda() {
        let check = |raw: &str, expect: &str| assert_eq!(to_integer(raw), expect, "{raw}");
        check("123", "123");
        check("\"123\"", "123");
        check("\"-100200\"", "-100200");
        check(
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        );
        check("7.0", "7");
        check("12e1", "120");
        check("\"cnv_000000000002a\"", "74");
        // The rest by an independent SHA-256: int.from_bytes(sha256(id)[:8], "big") >> 11
        check("\"conv-abc\"", "1314848538209738");
        check("\"007\"", "3469962583109473");
        check("\"cnv_7zzzzzzzzzzzz\"", "8744068486987937");
    }

    #[test]
    fn only_the_exact_form_is_ours() {
        assert_eq!(own_key("msg_0000000000010"), Some(32));
        for foreign in [
            "msg_abc123",
            "msg_000000000001O",
            "xyz_0000000000010",
            "chn_0000000000010",
            "msg0000000000010",
            "msg_zzzzzzzzzzzzz",
        ] {
            assert_eq!(own_key(foreign), None, "{foreign}");
        }
    }
}
