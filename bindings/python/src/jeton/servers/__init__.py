"""Tool servers that run a tool only for a call token: one module for each kind, and the gate that they share."""
