"""How a request leaves and a response comes back: robots, pace, address guard, limits, route."""
