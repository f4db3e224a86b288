"""Read photographs with captions: COCO, Flickr8k and Flickr30k."""
