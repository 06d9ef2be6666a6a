"""The contract that every framework adapter keeps, run with the real framework and a real sidecar."""
