"""Read the secrets for a user's worker from a JSON file."""

import json
from pathlib import Path

from poc_cli.errors import UsageError


def read(file: Path) -> dict[str, str]:
    """Return the secrets by name. Raises UsageError if the file is invalid."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from None
    except ValueError:
        value = None
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise UsageError(f"{file} is not a JSON object of names and strings", 'write it as {"NAME": "value"}')
    return value
