"""Notebooks to pages: run, export, publish."""
