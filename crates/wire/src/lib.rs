//! Codecs as sans-IO state machines: ISBT 128, LIS1, LIS2, HL7, MLLP.
