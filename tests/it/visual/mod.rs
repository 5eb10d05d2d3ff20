mod executor;
mod golden;
mod naming;
mod plans;
mod properties;
mod tokens;
mod vectors;
