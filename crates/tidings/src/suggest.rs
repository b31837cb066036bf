//! "Did you mean": the nearest known name to one that is not.

/// The candidate nearest to `word`, when it is near enough to be what was meant: at most a third of
/// the word's letters wrong, added, missing or swapped.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let mistakes_max = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(mistakes, _)| *mistakes <= mistakes_max)
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_the_nearest_or_nothing() {
        let known = ["listen", "public_url", "log"];
        assert_eq!(nearest("lissten", known), Some("listen"));
        assert_eq!(nearest("public-url", known), Some("public_url"));
        assert_eq!(nearest("logs", known), Some("log"));
        assert_eq!(nearest("bin", known), None);
        assert_eq!(nearest("anything_else", known), None);
    }
}
