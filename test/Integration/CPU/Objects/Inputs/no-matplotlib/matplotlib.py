"""Stands for a matplotlib that is not there."""

raise ImportError
