"""Asks TensorFlow how long each kernel of the engine's step takes.

    python timeline.py FOLDER

FOLDER is what write-step.ts wrote.
"""

import collections
import json
import os
import sys

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
BATCH = 32
STEPS = 5


def main(folder):
    tf1.disable_eager_execution()
    config = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf1.Session(graph=tf.Graph(), config=config) as session:
        signature = tf1.saved_model.load(session, ["serve"], folder).signature_def["step"]
        session.run(assigned(session), weights(folder))
        report, feeds = signature.outputs["report"].name, batch(signature)
        for _ in range(3):
            session.run(report, feeds)
        print(json.dumps(timed(session, report, feeds)))


def timed(session, report, feeds):
    microseconds, calls = collections.Counter(), collections.Counter()
    options = tf1.RunOptions(trace_level=tf1.RunOptions.FULL_TRACE)
    for _ in range(STEPS):
        metadata = tf1.RunMetadata()
        session.run(report, feeds, options=options, run_metadata=metadata)
        for device in metadata.step_stats.dev_stats:
            for node in device.node_stats:
                label = node.timeline_label  # `name = Kernel(inputs)`
                name = label.split(" = ")[1].split("(")[0] if " = " in label else node.node_name
                microseconds[name] += node.op_end_rel_micros - node.op_start_rel_micros
                calls[name] += 1
    kernels = [
        {"name": name, "milliseconds": time / 1e3 / STEPS, "calls": round(calls[name] / STEPS)}
        for name, time in microseconds.most_common(12)
    ]
    return {"milliseconds": sum(microseconds.values()) / 1e3 / STEPS, "kernels": kernels}


def assigned(session):
    """The node that runs after all variables got their values."""
    nodes = session.graph.as_graph_def().node
    [node] = [each for each in nodes if each.op == "Identity" and "AssignVariableOp" in str(each.input[1:2])
              and "Const" in each.input[0]]
    return f"{node.name}:0"


def weights(folder):
    values = np.fromfile(os.path.join(folder, "values.f32"), "<f4")
    feeds = {}
    with open(os.path.join(folder, "variables.json")) as file:
        for variable in json.load(file):
            size = int(np.prod(variable["shape"]))
            feeds[f"{variable['name']}/assigned:0"] = values[:size].reshape(variable["shape"])
            values = values[size:]
    return feeds


def batch(signature):
    shape = [each.size for each in signature.inputs["input"].tensor_shape.dim]
    images = np.random.RandomState(1).randint(0, 256, [BATCH, *shape[1:]])
    values = {
        "input": images.astype("uint8"),
        "labels": np.array([(7 * i) % 1000 for i in range(BATCH)], "int32"),
        "learningRateScale": np.float32(1),
    }
    return {signature.inputs[name].name: value for name, value in values.items()}


if __name__ == "__main__":
    main(sys.argv[1])
