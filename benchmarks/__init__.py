"""Side by side with the peers: kernels by theme, one runner."""
