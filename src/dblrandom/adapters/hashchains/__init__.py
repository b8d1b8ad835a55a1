"""The operator's side of a hash chain: its folder, its pulses, and the server that publishes them."""
