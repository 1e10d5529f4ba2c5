"""Carries a plan out. Also reads the three sides that a plan is made from, since that asks disk and network."""
