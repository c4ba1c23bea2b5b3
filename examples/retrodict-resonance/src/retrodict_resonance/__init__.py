"""A resonance seen by two experiments: an example of a domain of Retrodict in a package of its own."""
