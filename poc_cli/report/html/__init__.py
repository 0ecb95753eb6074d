"""Tells a judged run as one self-contained html page. Pure: from the document and the history to a text."""

from poc_cli.report.html.page import html

__all__ = ["html"]
