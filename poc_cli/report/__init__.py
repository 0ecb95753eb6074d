"""Write a judged run as text, Markdown, JUnit XML or GitHub annotations."""
