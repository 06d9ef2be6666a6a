"""What every sidecar must do: each case runs against the real jetond and against the fake."""
