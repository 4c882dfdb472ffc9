"""VCode: machine instructions over virtual registers, from lowering to emission."""
