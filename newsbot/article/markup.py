"""Text and attributes as the HTML standard serialises them, so that a parser gives back the same."""

from __future__ import annotations


def escape(text: str) -> str:
    """Text as the HTML standard serialises it."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text.replace("\xa0", "&nbsp;") if "\xa0" in text else text


def attribute(name: str, value: str) -> str:
    """An attribute as the HTML standard serialises it, with its leading space."""
    value = escape(value)
    return f' {name}="{value.replace(chr(34), "&quot;")}"' if '"' in value else f' {name}="{value}"'
