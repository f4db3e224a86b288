"""Photographs with captions: COCO, Flickr8k, Flickr30k, in every form they are handed round."""
