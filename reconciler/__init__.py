"""voicectl: GitOps for voices.

The desired state is read from files, the actual state from the Palabra API; a plan is the difference, apply
carries it out, state remembers what was done, and report tells people.
"""

__version__ = "0.1.0"
