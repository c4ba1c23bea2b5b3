"""One file for each form in which correlators are kept; `open_correlator` chooses by content, never by the suffix."""
