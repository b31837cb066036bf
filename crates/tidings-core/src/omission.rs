//! What a stored document leaves out.

/// Whether a field says what it says when it is absent. Documents that every commit writes leave such
/// fields out: most webhooks are well, and have little to say.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
