"""newsbot: complete, clean, current copies of WordPress news sites."""

__version__ = "0.1.0"
