#![no_main]
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use lifeline_wire::astm::lis1::{Action, Config, Framing, Link, SendId};

// The first byte chooses the framing; of each pair that follows, one byte is fed and one moves the clock.
fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let framing = match choice % 4 {
        0 => Framing::Lis1,
        1 => Framing::Tokens,
        n => Framing::StxEtx { acknowledge: n == 2 },
    };
    let mut link = Link::host(Config { framing, max_message: 256, ..Config::default() });
    let mut now = Duration::ZERO;
    let _ = link.send(SendId(1), b"L|1|N\r", now);
    for pair in rest.chunks(2) {
        now += Duration::from_secs(u64::from(pair.get(1).copied().unwrap_or(0) / 8));
        let mut actions = link.tick(now);
        actions.extend(link.feed(&pair[..1], now));
        for action in actions {
            if let Action::Store { id, .. } = action {
                let _ = link.stored(id, now);
            }
        }
        let _ = link.tick(now);
        assert!(link.deadline().is_none_or(|d| d > now), "a due timer is left over");
    }
});
