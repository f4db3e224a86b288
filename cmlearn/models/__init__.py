"""Networks with their losses: tensors in, tensors out."""
