//! What the page may call: each command is one call of the desktop and nothing else.

pub(crate) mod chats;
pub(crate) mod models;
pub(crate) mod sees;
pub(crate) mod videos;
pub(crate) mod window;
