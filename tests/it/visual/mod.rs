mod executor;
mod golden;
mod naming;
mod plans;
mod properties;
mod recipes;
mod tokens;
mod vectors;
