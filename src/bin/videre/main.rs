//! The command line of Videre.

fn main() {}
