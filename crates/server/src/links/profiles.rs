use std::path::PathBuf;
use std::sync::Arc;

use lifeline_wire::profile::{MAX_PROFILE, Profile};

/// The dialect profiles an installation may use: those that come with the program, and the files of one folder. A profile is
/// named, never given as a path: whoever may edit a device must not be able to make the server read any other file.
#[derive(Debug, Clone, Default)]
pub struct Profiles {
    folder: Option<Arc<PathBuf>>,
}

/// Why a name gives no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// The name holds something else than letters, digits, `-` and `_`.
    #[error("a profile's name has only letters, digits, - and _")]
    Name,
    /// No such profile comes with the program, and no folder of profiles is configured.
    #[error("no such profile comes with the program, and no folder of profiles is configured")]
    NoFolder,
    /// There is no such file in the folder, or it cannot be read.
    #[error("{file}: {reason}")]
    File {
        /// Name of the file within the folder.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

impl Profiles {
    /// Those of the program, and the `NAME.toml` files of a folder.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder: folder.map(Arc::new),
        }
    }

    /// The profile of this name; what comes with the program goes before a file.
    ///
    /// # Errors
    /// See [`ProfileError`].
    pub fn get(&self, name: &str) -> Result<Arc<Profile>, ProfileError> {
        if let Some(profile) = Profile::builtin(name) {
            return Ok(Arc::new(profile));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || !name.chars().all(plain) {
            return Err(ProfileError::Name);
        }
        let folder = self.folder.as_ref().ok_or(ProfileError::NoFolder)?;
        let file = format!("{name}.toml");
        let wrong = |reason: String| ProfileError::File {
            file: file.clone(),
            reason,
        };
        let path = folder.join(&file);
        let length = std::fs::metadata(&path)
            .map_err(|error| wrong(error.to_string()))?
            .len();
        if length > MAX_PROFILE as u64 {
            return Err(wrong(format!("larger than {MAX_PROFILE} bytes")));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
        Profile::parse(&text)
            .map(Arc::new)
            .map_err(|error| wrong(error.to_string()))
    }

    /// Every name there is, those of the program first, each group in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Profile::builtin_names().map(str::to_owned).collect();
        let mut own: Vec<String> = self
            .folder
            .as_ref()
            .and_then(|folder| std::fs::read_dir(folder.as_path()).ok())
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter_map(|name| Some(name.strip_suffix(".toml")?.to_owned()))
            .filter(|name| !names.contains(name))
            .collect();
        own.sort();
        names.extend(own);
        names
    }
}
