"""Statistics on arrays: each function returns a small frozen result with its interval and n."""
