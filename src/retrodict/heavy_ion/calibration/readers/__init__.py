"""Files of a calibration: designs, outputs, ranges and measurements."""
