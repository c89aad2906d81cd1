//! One copy of a text that many facts carry.

use std::cell::RefCell;
use std::sync::Arc;

/// Texts a thread keeps at hand.
const KEPT: usize = 256;

thread_local! {
    static RECENT: RefCell<[Option<Arc<str>>; KEPT]> = const { RefCell::new([const { None }; KEPT]) };
}

/// The text, in the copy this thread made of it before where that is still at hand: the entries of years name the same few people
/// and places over and over, and a state read from the journal holds each of them once.
pub(super) fn shared(text: &str) -> Arc<str> {
    RECENT
        .try_with(|recent| {
            let mut recent = recent.try_borrow_mut().ok()?;
            let slot = recent.get_mut(place(text))?;
            match slot {
                Some(known) if **known == *text => Some(Arc::clone(known)),
                _ => Some(Arc::clone(slot.insert(text.into()))),
            }
        })
        .ok()
        .flatten()
        .unwrap_or_else(|| text.into())
}

/// The one slot of a text: FNV-1a of its bytes.
fn place(text: &str) -> usize {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    (hash % KEPT as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_letters_whoever_had_its_slot_before() {
        for round in 0..3 {
            for number in 0..10 * KEPT {
                let text = format!("S{number}");
                assert_eq!(&*shared(&text), text, "round {round}");
            }
        }
    }

    #[test]
    fn the_same_text_is_one_copy() {
        let (one, again) = (shared("chen"), shared("chen"));
        assert!(Arc::ptr_eq(&one, &again));
    }
}
