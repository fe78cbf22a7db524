"""Tidy frames with documented columns, made from the validated tables.

One definition of each term for all playbooks: what an attendee is, when a deal is sourced.
"""
