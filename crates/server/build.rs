//! Release builds embed `web/`; a changed or new file there must rebuild the crate. Debug builds read the folder while they run.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").as_deref() == Ok("release") {
        for folder in ["dist", "styles", "scripts", "messages"] {
            println!("cargo::rerun-if-changed=../../web/{folder}");
        }
    }
}
