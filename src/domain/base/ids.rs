//! Ids: newtypes over short, safe text. What a client may choose is checked here.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, sync::Arc};

/// The longest id taken.
pub const ID_BYTES_MAX: usize = 128;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("an id must not be empty")]
    Empty,
    /// It is longer than [`ID_BYTES_MAX`].
    #[error("an id has at most {ID_BYTES_MAX} bytes, this one has {0}")]
    TooLong(usize),
    /// It holds a character that ids do not have.
    #[error(
        "an id holds letters, digits, '_', '-', ':' and '.', and starts with a letter or digit; \
         {0:?} does not fit"
    )]
    BadCharacter(char),
    /// It is not of the form that this kind of id has.
    #[error("this is not a {0}")]
    BadForm(&'static str),
}

fn check(text: &str) -> Result<(), IdError> {
    let first = text.chars().next().ok_or(IdError::Empty)?;
    if text.len() > ID_BYTES_MAX {
        return Err(IdError::TooLong(text.len()));
    }
    if !first.is_ascii_alphanumeric() {
        return Err(IdError::BadCharacter(first));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    text.chars().find(|&c| !fits(c)).map_or(Ok(()), |c| Err(IdError::BadCharacter(c)))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a text as an id, when it is one.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok(Self(text.into()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    )*};
}

ids! {
    /// Names a workspace, the space that its members and agents share.
    WorkspaceId;
    /// Names a plan.
    PlanId;
    /// Names an execution of a plan.
    ExecutionId;
    /// Names an agent, a program or a person that carries out tasks.
    AgentId;
    /// Names a task, subtask or phase within a plan.
    TaskId;
    /// Names a blocker within an execution.
    BlockerId;
    /// Names an API key.
    KeyId;
    /// Names a webhook.
    WebhookId;
    /// Names a person who belongs to a workspace.
    MemberId;
}

/// The four kinds of stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamKind {
    /// One execution of a plan.
    Execution,
    /// One plan.
    Plan,
    /// One agent.
    Agent,
    /// The workspace itself.
    Workspace,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Execution, Self::Plan, Self::Agent, Self::Workspace];

    /// The word before the slash in the name of a stream.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Plan => "plan",
            Self::Agent => "agent",
            Self::Workspace => "workspace",
        }
    }
}

/// Names a stream within its workspace: `execution/exec_1`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    kind: StreamKind,
    text: Arc<str>,
}

impl StreamName {
    fn new(kind: StreamKind, id: &str) -> Self {
        Self { kind, text: format!("{}/{id}", kind.as_str()).into() }
    }

    /// The stream of an execution.
    pub fn execution(id: &ExecutionId) -> Self {
        Self::new(StreamKind::Execution, id.as_str())
    }

    /// The stream of a plan.
    pub fn plan(id: &PlanId) -> Self {
        Self::new(StreamKind::Plan, id.as_str())
    }

    /// The stream of an agent.
    pub fn agent(id: &AgentId) -> Self {
        Self::new(StreamKind::Agent, id.as_str())
    }

    /// The stream of a workspace.
    pub fn workspace(id: &WorkspaceId) -> Self {
        Self::new(StreamKind::Workspace, id.as_str())
    }

    /// Reads a name as it is stored.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let (kind, id) = text.split_once('/').ok_or(IdError::BadForm("stream name"))?;
        let kind = StreamKind::ALL
            .into_iter()
            .find(|known| known.as_str() == kind)
            .ok_or(IdError::BadForm("stream name"))?;
        check(id)?;
        Ok(Self::new(kind, id))
    }

    /// The kind of stream.
    pub fn kind(&self) -> StreamKind {
        self.kind
    }

    /// The id behind the slash.
    pub fn id(&self) -> &str {
        &self.text[self.kind.as_str().len() + 1..]
    }

    /// The name as it is stored.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The token of one grant: opaque to agents, it names the task, the epoch and a secret number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeaseToken {
    /// The execution that the task belongs to.
    pub execution_id: ExecutionId,
    /// The task that was granted.
    pub task_id: TaskId,
    /// The fence: rises with every grant and never repeats.
    pub epoch: u64,
    /// Drawn at random with the grant, so that a token cannot be guessed.
    pub nonce: u64,
}

impl LeaseToken {
    /// Reads a token that an agent sent back.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        const FORM: IdError = IdError::BadForm("lease");
        let mut parts = text.strip_prefix("lease~").ok_or(FORM)?.split('~');
        let mut next = || parts.next().ok_or(FORM);
        let execution_id = ExecutionId::parse(next()?)?;
        let task_id = TaskId::parse(next()?)?;
        let epoch = next()?.parse().map_err(|_| FORM)?;
        let nonce = u64::from_str_radix(next()?, 16).map_err(|_| FORM)?;
        if parts.next().is_some() {
            return Err(FORM);
        }
        Ok(Self { execution_id, task_id, epoch, nonce })
    }
}

impl fmt::Display for LeaseToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { execution_id, task_id, epoch, nonce } = self;
        write!(f, "lease~{execution_id}~{task_id}~{epoch}~{nonce:016x}")
    }
}
