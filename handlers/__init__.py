"""What adapts the recogniser to TorchServe: the request's payload, and the one class that TorchServe calls."""
