#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = lifeline_wire::isbt128::parse_scan(text);
});
