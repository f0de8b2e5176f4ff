"""Boards: their definitions, their file-system images, and the way to a real one over a port."""
