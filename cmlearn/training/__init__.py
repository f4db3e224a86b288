"""Training loops, checkpoints and feature caches that work for any model."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "batches": ["sample_captions", "shuffled_batches"],
        "checkpoint": ["CheckpointError", "load_checkpoint", "read_info", "save_checkpoint"],
        "feature_cache": ["Features", "precompute_features"],
        "gan_loop": ["fit_gan", "moving_average"],
        "loop": ["fit"],
        "muon": ["Muon"],
        "resumable_loop": ["fit_resumable", "step_generator"],
        "runtime": [
            "autocast",
            "channels_last",
            "choose_device",
            "choose_precision",
            "seed_all",
            "seeded_generator",
            "set_threads",
            "setup",
            "to_device",
        ],
    },
)
