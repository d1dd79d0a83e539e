"""What a request must never do: reach a private address, hand out a password. Told in docs/security.md."""
