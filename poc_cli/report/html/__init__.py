"""Write a judged run as one self-contained HTML page."""

from poc_cli.report.html.html_page import html

__all__ = ["html"]
