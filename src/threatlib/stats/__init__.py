"""Statistics on plain arrays: time on the last axis, leading axes independent series, NaN means missing."""
