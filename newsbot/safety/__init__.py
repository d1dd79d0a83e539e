"""What a request must never do: reach a private address, or send a password elsewhere. See docs/security.md."""
