"""PyTorch as it comes: eager, in the memory format that suits convolutions on a CPU."""

import torch
import torch.nn.functional as functional

from contender import (
    LEARNING_RATE,
    answer,
    labels_of,
    measure,
    own_task,
    images_of,
    read_teacher,
    same_padding,
)


class Network(torch.nn.Module):
    """A layers-model as a module."""

    def __init__(self, folder):
        super().__init__()
        self.layers, weights = read_teacher(folder)
        self.modules_by_layer = torch.nn.ModuleDict()
        for layer in self.layers:
            module = module_of(layer, weights)
            if module is not None:
                self.modules_by_layer[layer.name] = module

    def forward(self, pixels, last=None):
        """pixels [n, 3, px, px], 0 to 255"""
        outputs = {}
        for layer in self.layers:
            x, *others = [outputs[source] for source in layer.inputs] or [pixels]
            outputs[layer.name] = self.apply_layer(layer, x, others)
            if layer.name == last:
                break
        return outputs[layer.name]

    def apply_layer(self, layer, x, others):
        match layer.kind:
            case "InputLayer":
                return x
            case "Rescaling":
                return x * layer.settings["scale"] + layer.settings["offset"]
            case "ReLU":
                return functional.relu6(x)
            case "Add":
                return x + others[0]
            case "GlobalAveragePooling2D":
                return x.mean((2, 3))
            case "Conv2D" | "DepthwiseConv2D":
                module = self.modules_by_layer[layer.name]
                kernel, stride = module.kernel_size[0], module.stride[0]
                before, after = same_padding(x.shape[2], kernel, stride)
                if before == after:
                    module.padding = (before, before)
                else:
                    x = functional.pad(x, (before, after, before, after))
                return module(x)
            case _:
                return self.modules_by_layer[layer.name](x)


def module_of(layer, weights):
    own = {name.split("/")[1]: value for name, value in weights.items() if name.startswith(f"{layer.name}/")}
    own = {role: torch.from_numpy(value.copy()) for role, value in own.items()}
    settings = layer.settings
    match layer.kind:
        case "Conv2D":
            kernel = own["kernel"].permute(3, 2, 0, 1)
            return convolution(kernel, settings["strides"][0], groups=1)
        case "DepthwiseConv2D":
            kernel = own["depthwise_kernel"].permute(2, 3, 0, 1)
            return convolution(kernel, settings["strides"][0], groups=kernel.shape[0])
        case "BatchNormalization":
            module = torch.nn.BatchNorm2d(len(own["gamma"]), settings["epsilon"], 1 - settings["momentum"])
            module.load_state_dict(
                {
                    "weight": own["gamma"],
                    "bias": own["beta"],
                    "running_mean": own["moving_mean"],
                    "running_var": own["moving_variance"],
                    "num_batches_tracked": torch.tensor(0),
                }
            )
            return module
        case "Dense":
            module = torch.nn.Linear(*own["kernel"].shape)
            module.load_state_dict({"weight": own["kernel"].T, "bias": own["bias"]})
            return module
    return None


def convolution(kernel, stride, groups):
    outputs, inputs, size, _ = kernel.shape
    module = torch.nn.Conv2d(inputs * groups, outputs, size, stride, groups=groups, bias=False)
    module.load_state_dict({"weight": kernel})
    return module


torch.set_num_threads(1)
torch.set_num_interop_threads(1)
task = own_task()
network = Network(task.teacher).to(memory_format=torch.channels_last)
images = torch.from_numpy(images_of(task)).permute(0, 3, 1, 2)  # its memory is channels-last as it is
versions = {"torch": torch.__version__}

if task.workload == "step":
    network.train()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()  # which freezes the moving averages, not gamma and beta
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE, fused=True)
    labels = torch.from_numpy(labels_of(task))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    measure(task, versions, step)
else:
    network.eval()
    with torch.inference_mode():
        if task.workload == "logits":
            answer(task, versions, network(images).numpy())
        else:
            measure(task, versions, lambda: network(images, "features").numpy())
