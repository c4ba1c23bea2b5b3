"""Configurations: YAML checked against the signatures of what it builds; there is no second schema."""

from retrodict.cli.config.load import Config, load_config

__all__ = ["Config", "load_config"]
