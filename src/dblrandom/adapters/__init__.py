"""Everything that touches the world: clock, randomness, files, tables, keys, and a ceremony's folder."""
