//! A town of its own for tests of layer files.

use std::path::PathBuf;

use imgis::config::City;

use crate::office::root;

/// A municipality in a folder of its own, with some of the shipped layers.
pub struct Town {
    pub folder: PathBuf,
}

impl Town {
    /// With these of the shipped layers.
    pub fn new(name: &str, layers: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("imgis-town-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("layers")).expect("a folder");
        for layer in layers {
            let from = root().join(format!("layers/{layer}.toml"));
            std::fs::copy(from, folder.join(format!("layers/{layer}.toml"))).expect("a copy");
        }
        let text = std::fs::read_to_string(root().join("data/municipality.toml")).expect("text");
        let text = text
            .lines()
            .filter(|line| !["layers =", "styles =", "data ="].iter().any(|k| line.starts_with(k)))
            .map(|line| format!("{line}\n"))
            .collect::<String>();
        // Its own data: no services, which name layers that this town lacks.
        let data = folder.join("data");
        std::fs::create_dir_all(data.join("services")).expect("a folder");
        std::fs::create_dir_all(data.join("calendar")).expect("a folder");
        for name in ["groups.toml", "divisions.toml", "calendar/ru-ta.csv"] {
            std::fs::copy(root().join("data").join(name), data.join(name)).expect("a copy");
        }
        let paths = format!(
            "layers = \"layers\"\nstyles = {:?}\ndata = {:?}\n",
            root().join("styles"),
            data
        );
        let at = text.find("[[further_crs]]").unwrap_or(text.len());
        let text = format!("{}{paths}\n{}", &text[..at], &text[at..]);
        std::fs::write(folder.join("municipality.toml"), text).expect("a file");
        Self { folder }
    }

    /// The municipality.
    pub fn city(&self) -> City {
        City::read(&self.folder.join("municipality.toml")).expect("a municipality")
    }

    /// A layer's file.
    pub fn file(&self, layer: &str) -> PathBuf {
        self.folder.join(format!("layers/{layer}.toml"))
    }

    /// Writes a layer's file anew.
    pub fn write(&self, layer: &str, change: impl Fn(String) -> String) {
        let text = std::fs::read_to_string(self.file(layer)).unwrap_or_default();
        std::fs::write(self.file(layer), change(text)).expect("a file");
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
