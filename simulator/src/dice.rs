/// A small generator, so that a seed tells the same story for ever (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    pub(crate) fn hits(&mut self, one_in: u64) -> bool {
        self.roll(one_in) == 0
    }

    pub(crate) fn pick(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.roll(count as u64) as usize)
    }
}
