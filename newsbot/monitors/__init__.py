"""Monitors on the receipt, for Spidermon (the extra [monitors])."""
