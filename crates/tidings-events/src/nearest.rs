//! The name that was probably meant, for error texts.

/// The candidate with the smallest edit distance to `name`, the first of equals.
///
/// `name` may be a pattern: a `*` agrees with whatever the candidate has at its place.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let name: Vec<char> = name.chars().collect();
    candidates
        .into_iter()
        .min_by_key(|candidate| distance(&name, candidate))
}

/// How many characters must be put in, taken out or exchanged to turn `from` into `to`, where a `*`
/// swallows any run of characters of `to` other than dots for nothing.
fn distance(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for &wanted in from {
        let mut line = Vec::with_capacity(above.len());
        line.push(above[0] + usize::from(wanted != '*'));
        for (column, &found) in to.iter().enumerate() {
            let cheapest = if wanted == '*' {
                let swallow = if found == '.' {
                    line[column] + 1
                } else {
                    line[column]
                };
                swallow.min(above[column + 1])
            } else {
                let exchange = above[column] + usize::from(wanted != found);
                exchange.min(above[column + 1] + 1).min(line[column] + 1)
            };
            line.push(cheapest);
        }
        above = line;
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = [
        "conversation.created",
        "conversation.closed",
        "message.received",
        "message.sent",
        "tag.added",
    ];

    #[test]
    fn slips_are_mended() {
        let check =
            |name: &str, expect: &str| assert_eq!(nearest(name, NAMES), Some(expect), "{name}");
        check("message.recieved", "message.received");
        check("mesage.*", "message.received");
        check("conversation.close", "conversation.closed");
        check("conversations.*ted", "conversation.created");
        check("tags.*", "tag.added");
        assert_eq!(nearest("anything", []), None);
    }
}
