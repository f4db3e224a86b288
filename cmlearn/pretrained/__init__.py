"""Published pretrained weights, found or downloaded, and checked before use."""
