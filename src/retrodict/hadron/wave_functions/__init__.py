"""The potential, local or not, behind Nambu-Bethe-Salpeter wave functions of several momenta."""
