"""Facts about a function that the mid-end, the verifier and lowering share; each module computes
one, from scratch."""
