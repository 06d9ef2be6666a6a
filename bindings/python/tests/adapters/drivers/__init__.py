"""One driver for each framework; see driver.py."""
