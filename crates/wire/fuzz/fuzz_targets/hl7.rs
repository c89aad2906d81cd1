#![no_main]
use libfuzzer_sys::fuzz_target;
use lifeline_wire::Limits;
use lifeline_wire::decode::{Protocol, decode};
use lifeline_wire::profile::{Profile, read};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(decoded) = decode(bytes, Protocol::Hl7, &Limits::default()) {
        assert!(decoded.notes.iter().all(|n| n.at <= bytes.len()));
    }
    if let Some(profile) = Profile::builtin("generic-hl7") {
        assert!(read(&profile, bytes).problems.iter().all(|p| p.at <= bytes.len()));
    }
});
