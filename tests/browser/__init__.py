"""The pages in a real Chromium, against the real program as a process of its own."""
