"""Keras on TensorFlow: `predict`, and `train_on_batch`."""

import keras
import tensorflow as tf

from contender import LEARNING_RATE, answer, labels_of, measure, own_task, images_of
from keras_network import keras_network

task = own_task()
model = keras_network(task.teacher, task.px)
images = images_of(task)
versions = {"tensorflow": tf.__version__, "keras": keras.__version__}

if task.workload == "step":
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Keras freezes moving averages only together with gamma and beta, so it has less to do than the others.
            layer.trainable = False
    model.compile(
        keras.optimizers.Adam(LEARNING_RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,  # XLA is ten times slower here on a CPU
    )
    labels = labels_of(task)
    measure(task, versions, lambda: model.train_on_batch(images, labels))
else:
    features = model.get_layer("features").output
    asked = model if task.workload == "logits" else keras.Model(model.input, features)
    once = lambda: asked.predict(images, batch_size=task.batch, verbose=0)  # noqa: E731
    if task.workload == "logits":
        answer(task, versions, once())
    else:
        measure(task, versions, once)
