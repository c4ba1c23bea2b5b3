"""The metric of a holographic dual behind the response of a strongly coupled system."""
