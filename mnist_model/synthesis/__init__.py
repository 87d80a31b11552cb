"""Drawings made up from pen strokes: what a recogniser of digits meets besides digits."""
