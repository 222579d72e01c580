//! Who is asking, and what a role may do. Deny by default.
//!
//! Never reads a layer. *Not here yet*: staff, sessions and tokens; until sign-in exists the door
//! decides (`http/door.rs`): a loopback listener serves [`Caller::Local`], any other [`Caller::Public`].

use serde::{Deserialize, Serialize};

/// A role. What it may do stands in the layer files and in the table of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Applicant,
    Clerk,
    Executor,
    Reviewer,
    Head,
    Editor,
    Planner,
    Analyst,
    Auditor,
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 10] = [
        Self::Applicant,
        Self::Clerk,
        Self::Executor,
        Self::Reviewer,
        Self::Head,
        Self::Editor,
        Self::Planner,
        Self::Analyst,
        Self::Auditor,
        Self::Admin,
    ];
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Somebody of whom nothing is known.
    Public,
    /// A person at this machine while sign-in does not exist: every role.
    Local,
    /// A signed-in member of staff.
    Staff { name: String, roles: Vec<Role> },
}

impl Caller {
    /// Whether the caller has the role.
    pub fn has(&self, role: Role) -> bool {
        match self {
            Self::Public => false,
            Self::Local => true,
            Self::Staff { roles, .. } => roles.contains(&role),
        }
    }

    /// Whether the caller may read what is marked so.
    pub fn may_read(&self, read: &Read) -> bool {
        match read {
            Read::Public => true,
            Read::Staff => Role::ALL.iter().any(|role| *role != Role::Applicant && self.has(*role)),
            Read::Roles(roles) => roles.iter().any(|role| self.has(*role)),
        }
    }

    /// Whether the caller has one of the roles.
    pub fn has_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.has(*role))
    }

    /// Whether an edit has to name the version that it replaces. *Seam*: a token for an editor that
    /// cannot send `If-Match` (QGIS) will answer no; the history keeps both versions then.
    pub fn needs_if_match(&self) -> bool {
        match self {
            Self::Public | Self::Local | Self::Staff { .. } => true,
        }
    }

    /// The name that records of acts carry.
    pub fn name(&self) -> &str {
        match self {
            Self::Public => "public",
            Self::Local => "local",
            Self::Staff { name, .. } => name,
        }
    }

    /// The roles of the caller.
    pub fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| self.has(*role)).collect()
    }
}

/// Who may read a layer or a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Everybody.
    Public,
    /// Any signed-in role but applicant.
    Staff,
    /// These roles.
    Roles(Vec<Role>),
}

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Word(String),
            Roles(Vec<Role>),
        }
        match Form::deserialize(from)? {
            Form::Word(word) if word == "public" => Ok(Self::Public),
            Form::Word(word) if word == "staff" => Ok(Self::Staff),
            Form::Roles(roles) => Ok(Self::Roles(roles)),
            Form::Word(word) => Err(serde::de::Error::custom(format!(
                "read = {word:?} is neither \"public\" nor \"staff\" nor a list of roles"
            ))),
        }
    }
}
