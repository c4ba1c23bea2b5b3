"""The complex potential of a heavy quark and its antiquark in a medium, from masses and thermal widths."""
