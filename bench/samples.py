"""What is said of samples of a time."""

import statistics


class Samples:
    """Of `seconds`, a list that the class has which is one."""

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def best(self):
        return min(self.seconds)

    @property
    def spread(self):
        """The middle half of the samples over the median."""
        if len(self.seconds) < 4:
            return (max(self.seconds) - min(self.seconds)) / self.median
        low, _, high = statistics.quantiles(self.seconds, n=4)
        return (high - low) / self.median
