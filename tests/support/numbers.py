"""Quantities in a form that can be compared with what a test writes down.

Never rounds: a Decimal that no float can hold would not be equal to one either.
"""

from decimal import Decimal


def numbers(*values: Decimal | float | None) -> list[float | None]:
    """Give quantities as floats."""
    return [None if value is None else float(value) for value in values]
