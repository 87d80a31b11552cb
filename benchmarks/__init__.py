"""Measurements of the running service and of training."""
