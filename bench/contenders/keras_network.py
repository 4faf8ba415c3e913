"""A layers-model as a Keras model."""

import keras

from contender import read_teacher


def keras_network(folder, px=224):
    layers, weights = read_teacher(folder)
    outputs = {}
    for layer in layers:
        if layer.kind == "InputLayer":
            inputs = outputs[layer.name] = keras.Input((px, px, 3), name=layer.name)
            continue
        made = getattr(keras.layers, layer.kind)(name=layer.name, **layer.settings)
        taken = [outputs[source] for source in layer.inputs]
        outputs[layer.name] = made(taken if len(taken) > 1 else taken[0])
    model = keras.Model(inputs, outputs[layers[-1].name])
    for variable in model.variables:
        variable.assign(weights[written_name(variable)])
    return model


def written_name(variable):
    layer, weight = variable.path.split("/")[-2:]
    return f"{layer}/depthwise_kernel" if "depthwise_conv" in layer else f"{layer}/{weight}"
