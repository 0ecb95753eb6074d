"""The scenario language: what a file may say, what it means and how it is documented."""
