"""One file for each form in which correlators are stored; `open_correlator` chooses by content, not by suffix."""
