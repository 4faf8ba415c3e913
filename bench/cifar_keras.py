"""Trains the teacher on CIFAR-10 as Keras' guide to transfer learning does, and tests it.

    python cifar_keras.py TEACHER_FOLDER IMAGES_FOLDER PX REGIME

A new classifier on frozen features first; then, unless the regime is head-only, the last blocks with it, all BatchNorms as
they are and a small learning rate. It learns from all images, and is tested after the last epoch.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "contenders"))

import keras  # noqa: E402
import numpy as np  # noqa: E402

from keras_network import keras_network  # noqa: E402

BATCH = 32
# Of the guide (https://keras.io/guides/transfer_learning/): 20 epochs with Adam's own rate, then 10 at 1e-5.
HEAD = {"epochs": 20, "rate": 1e-3}
FINE = {"epochs": 10, "rate": 1e-5}
TAPS = [
    "block1a_project_bn",
    "block2b_add",
    "block3b_add",
    "block4c_add",
    "block5c_add",
    "block6d_add",
]


def main(teacher, folder, px, regime):
    keras.utils.set_random_seed(1)
    images, labels = read(folder, "train", px)
    network = keras_network(teacher, px)
    backbone = keras.Model(network.input, network.get_layer("features").output)

    classifier = keras.Sequential([keras.layers.Dropout(0.2), keras.layers.Dense(10)])
    features = backbone.predict(images, batch_size=BATCH, verbose=0)
    train(classifier, features, labels, HEAD)

    model = keras.Model(backbone.input, classifier(backbone.output))
    if regime != "head-only":
        retrained = 7 if regime == "full" else int(regime.split(":")[1])
        freeze(backbone, retrained)
        train(model, images, labels, FINE)

    images, labels = read(folder, "test", px)
    answers = model.predict(images, batch_size=BATCH, verbose=0).argmax(1)
    print(json.dumps({"accuracy": float((answers == labels).mean())}))


def train(model, inputs, labels, how):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(how["rate"]), loss, jit_compile=False)
    model.fit(inputs, labels, batch_size=BATCH, epochs=how["epochs"], verbose=0)


def freeze(backbone, retrained):
    """All but the last blocks, and every BatchNorm: it uses its moving averages then."""
    frozen = 7 - retrained
    inside = frozen > 0
    for layer in backbone.layers:
        layer.trainable = not inside and not isinstance(layer, keras.layers.BatchNormalization)
        if inside and layer.name == TAPS[frozen - 1]:
            inside = False


def read(folder, part, px):
    images = np.fromfile(os.path.join(folder, f"{part}.u8"), "u1").reshape((-1, px, px, 3))
    return images.astype("float32"), np.fromfile(os.path.join(folder, f"{part}-labels.u8"), "u1")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
