"""Writes a layers-model as an ONNX file.

    python write_onnx.py TEACHER_FOLDER NETWORK.onnx

It takes `images`, uint8 [n, 224, 224, 3], and gives `features` and `logits`.
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from contender import read_teacher, same_padding

OPSET = 17


def main(folder, file):
    layers, weights = read_teacher(folder)
    nodes, constants, sizes = [], [], {}

    def constant(name, values):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    for layer in layers:
        name, settings, inputs = layer.name, layer.settings, layer.inputs
        size = sizes[inputs[0]] if inputs else settings["batch_input_shape"][1]
        match layer.kind:
            case "InputLayer":
                node("Cast", ["images"], f"{name}/cast", to=TensorProto.FLOAT)
                node("Transpose", [f"{name}/cast"], name, perm=[0, 3, 1, 2])
            case "Rescaling":
                scale = constant(f"{name}/scale", np.float32(settings["scale"]))
                offset = constant(f"{name}/offset", np.float32(settings["offset"]))
                node("Mul", [inputs[0], scale], f"{name}/scaled")
                node("Add", [f"{name}/scaled", offset], name)
            case "Conv2D" | "DepthwiseConv2D":
                depthwise = layer.kind == "DepthwiseConv2D"
                kernel = weights[f"{name}/depthwise_kernel" if depthwise else f"{name}/kernel"]
                kernel = kernel.transpose((2, 3, 0, 1) if depthwise else (3, 2, 0, 1))
                stride = settings["strides"][0]
                before, after = same_padding(size, kernel.shape[2], stride)
                node(
                    "Conv",
                    [inputs[0], constant(f"{name}/kernel", kernel)],
                    name,
                    strides=[stride, stride],
                    pads=[before, before, after, after],
                    group=kernel.shape[0] if depthwise else 1,
                )
                size = -(-size // stride)
            case "BatchNormalization":
                roles = ["gamma", "beta", "moving_mean", "moving_variance"]
                own = [constant(f"{name}/{role}", weights[f"{name}/{role}"]) for role in roles]
                node("BatchNormalization", [*inputs, *own], name, epsilon=settings["epsilon"])
            case "ReLU":
                limits = [constant(f"{name}/{limit}", np.float32(limit)) for limit in (0, 6)]
                node("Clip", [*inputs, *limits], name)
            case "Add":
                node("Add", inputs, name)
            case "GlobalAveragePooling2D":
                node("GlobalAveragePool", inputs, f"{name}/pooled")
                node("Flatten", [f"{name}/pooled"], name)
            case "Dense":
                own = [constant(f"{name}/{role}", weights[f"{name}/{role}"]) for role in ("kernel", "bias")]
                node("Gemm", [*inputs, *own], "logits")
            case kind:
                raise ValueError(f"{name} is a {kind}, which is not written here")
        sizes[name] = size

    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 224, 224, 3])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", size])
        for name, size in (("features", 1280), ("logits", 1000))
    ]
    graph = helper.make_graph(nodes, "teacher", [images], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
