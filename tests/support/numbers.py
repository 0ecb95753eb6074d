"""Quantities in a form that can be compared with what a test writes down."""

from decimal import Decimal


def numbers(*values: Decimal | float | None) -> list[float | None]:
    """Return quantities as floats."""
    return [None if value is None else float(value) for value in values]
