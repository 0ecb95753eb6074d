"""The scenario language: what a file may say and what it means. Pure; plays nothing."""
