"""Asking the network for what anybody may know: rounds, pulses and steps, from relays that need not be trusted."""
