"""The reference meaning of CLIF: an interpreter that every engine is compared with."""
