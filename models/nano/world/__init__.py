"""The little world: short clips of coloured shapes, with questions whose answers are known."""
