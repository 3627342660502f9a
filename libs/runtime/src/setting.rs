use clap::{Arg, ArgAction};

/// One thing that can be set. Its flag, its `DDB_*` variable, its TOML key and its documentation all come from here.
#[derive(Debug, Clone)]
pub struct Setting {
    /// In snake case; also the key in the file.
    pub name: &'static str,
    /// What stands for the value in the help: `DIR`, `ADDR`.
    pub value: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// As it would be written; None where the setting is simply absent.
    pub default: Option<&'static str>,
    /// A variable that is read besides `DDB_…`, because other programs use it too.
    pub also: Option<&'static str>,
    /// Never shown, and without a flag: command lines can be read by everybody on the machine.
    pub secret: bool,
}

impl Setting {
    pub const fn new(name: &'static str, value: &'static str, help: &'static str) -> Self {
        Self { name, value, help, default: None, also: None, secret: false }
    }

    pub const fn default(mut self, text: &'static str) -> Self {
        self.default = Some(text);
        self
    }

    pub const fn also(mut self, variable: &'static str) -> Self {
        self.also = Some(variable);
        self
    }

    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    pub fn variable(&self) -> String {
        format!("DDB_{}", self.name.to_ascii_uppercase())
    }
}

/// The settings of all parts of a process.
#[derive(Debug, Clone)]
pub struct Definitions(Vec<Setting>);

impl Definitions {
    pub fn new(parts: &[&[Setting]]) -> Self {
        Self(parts.concat())
    }

    /// Another default than the part's own.
    #[must_use]
    pub fn with_default(mut self, name: &str, text: &'static str) -> Self {
        for setting in &mut self.0 {
            if setting.name == name {
                setting.default = Some(text);
            }
        }
        self
    }

    /// No default at all.
    #[must_use]
    pub fn without_default(mut self, name: &str) -> Self {
        for setting in &mut self.0 {
            if setting.name == name {
                setting.default = None;
            }
        }
        self
    }

    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        self.0.iter()
    }

    /// The flags, for a command of clap.
    pub fn arguments(&self) -> Vec<Arg> {
        let file = Arg::new(CONFIG).long(CONFIG).value_name("FILE").help("A TOML file with settings [env: DDB_CONFIG]");
        let flags = self.0.iter().filter(|setting| !setting.secret).map(|setting| {
            let default = setting.default.map(|text| format!(" [default: {text}]")).unwrap_or_default();
            Arg::new(setting.name)
                .long(setting.flag())
                .value_name(setting.value)
                .action(ArgAction::Set)
                .allow_hyphen_values(false)
                .help(format!("{} [env: {}]{default}", setting.help, setting.variable()))
        });
        std::iter::once(file).chain(flags).collect()
    }

    /// The table of `services/darshjdb/REFERENCE.md`.
    pub fn markdown(&self) -> String {
        let mut text = String::from("| setting | variable | default | |\n|---|---|---|---|\n");
        for setting in &self.0 {
            let name = if setting.secret { setting.name.to_owned() } else { format!("--{}", setting.flag()) };
            let also = setting.also.map(|variable| format!(", `{variable}`")).unwrap_or_default();
            let default = setting.default.map(|text| format!("`{text}`")).unwrap_or_default();
            text.push_str(&format!("| `{name}` | `{}`{also} | {default} | {} |\n", setting.variable(), setting.help));
        }
        text
    }
}

pub(crate) const CONFIG: &str = "config";
