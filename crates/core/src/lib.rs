//! The rules of the transfusion department: one deterministic hospital.
