"""What the contenders in Python have in common: their task, its data, and how it is timed. See contender.ts."""

import json
import os
import re
import sys
import time
from types import SimpleNamespace

import numpy as np

LEARNING_RATE = 1e-4


def own_task():
    return SimpleNamespace(**json.loads(sys.argv[1]))


def images_of(task):
    """float32 [batch, px, px, 3], 0 to 255."""
    shape = (-1, task.px, task.px, 3)
    return np.fromfile(task.images, "u1").reshape(shape)[: task.batch].astype("float32")


def labels_of(task):
    return np.array([(7 * i) % 1000 for i in range(task.batch)])


def read_teacher(folder):
    """The layers of a layers-model, in their order, and its weights by their names."""
    with open(os.path.join(folder, "model.json")) as file:
        description = json.load(file)
    values = np.fromfile(os.path.join(folder, "weights.bin"), "<f4")
    start = 0
    weights = {}
    for weight in description["weightsManifest"][0]["weights"]:
        size = int(np.prod(weight["shape"]))
        weights[weight["name"]] = values[start : start + size].reshape(weight["shape"])
        start += size
    layers = [
        SimpleNamespace(
            name=layer["name"],
            kind=layer["class_name"],
            settings={key: value for key, value in layer["config"].items() if key != "name"},
            inputs=[source for source, *_ in layer["inbound_nodes"][0]]
            if layer["inbound_nodes"]
            else [],
        )
        for layer in description["modelTopology"]["model_config"]["config"]["layers"]
    ]
    return layers, weights


def same_padding(size, kernel, stride):
    """How many zeros TensorFlow's "same" puts before and after."""
    zeros = max(0, (-(-size // stride) - 1) * stride + kernel - size)
    return zeros // 2, zeros - zeros // 2


def measure(task, versions, once):
    """Does a task's work, times it, and says how it went; `once` gives the loss, if it is a step."""
    loss = None
    for i in range(task.warmups):
        first = once()
        if i == 0 and task.workload == "step":
            loss = float(first)
    cpu, wall = [], []
    for _ in range(task.repetitions):
        begun, started = time.process_time(), time.perf_counter()
        once()
        cpu.append(time.process_time() - begun)
        wall.append(time.perf_counter() - started)
    said = {
        "cpuSeconds": cpu,
        "wallSeconds": wall,
        "peakBytes": peak_bytes(),
        "loss": loss,
        "versions": {"python": sys.version.split()[0], **versions},
    }
    print(json.dumps(said))


def answer(task, versions, logits):
    np.asarray(logits, "<f4").tofile(task.answer)
    measure(SimpleNamespace(warmups=0, repetitions=0), versions, lambda: None)


def peak_bytes():
    with open("/proc/self/status") as file:
        return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1])
