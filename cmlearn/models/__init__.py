"""Neural networks with their losses."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "attention": ["CrossAttention"],
        "augmentation": ["HueRotation", "RandomDegradation"],
        "bert": ["Bert", "BertConfig", "attend", "masked_mean"],
        "captioner": [
            "Captioner",
            "CaptionerConfig",
            "GridEncoder",
            "NETWORKS",
            "ProductCaptioner",
            "attention_maps",
            "caption_loss",
        ],
        "device": ["device_of"],
        "decoding": ["beam_search", "greedy_search"],
        "gan": ["DecoderAsGenerator", "Discriminator", "GANConfig", "Generator", "TextToImageGAN"],
        "prior": ["AutoregressivePrior"],
        "recall_task": [
            "DISTRACTORS",
            "RecallModel",
            "SYMBOLS",
            "recall_batches",
            "recall_loss",
            "recall_sequences",
        ],
        "resnet": ["ResNet18", "ResNetConfig", "class_activation_map"],
        "rnn": ["GRUCell", "LSTMCell", "RNNCell", "copy_weights", "raise_forget_bias", "unroll"],
        "scene_classifier": ["SceneClassifier", "SceneClassifierConfig"],
        "text_encoders": [
            "EncodedCaption",
            "GRUEncoder",
            "MeanEncoder",
            "TextEncoderConfig",
            "VectorEncoder",
            "WordWindowEncoder",
            "build_text_encoder",
        ],
        "two_stream_encoder": ["TwoStreamConfig", "TwoStreamEncoder"],
        "vae": [
            "AnnealedVAELoss",
            "OUTPUT_SIZE",
            "TextToImageVAE",
            "VAEConfig",
            "VALUES",
            "posterior",
            "prior_loss",
            "to_signed",
            "to_uint8",
            "vae_loss",
        ],
    },
)
