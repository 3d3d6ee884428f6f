"""Prints what TensorBoard reads in a folder of events, as JSON: scalars, pictures, texts and hyperparameters by tag."""

import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
events.Reload()
tags = events.Tags()
values = {}
for tag, content in events.PluginTagToContent("hparams").items():
    start = HParamsPluginData.FromString(content).session_start_info
    for name, value in start.hparams.items():
        values[name] = getattr(value, value.WhichOneof("kind"))
print(json.dumps({
    "scalars": {tag: [[event.step, event.value] for event in events.Scalars(tag)] for tag in tags["scalars"]},
    "images": {tag: [[image.width, image.height, image.encoded_image_string[:4].hex()] for image in events.Images(tag)]
               for tag in tags["images"]},
    "texts": {tag: [event.tensor_proto.string_val[0].decode() for event in events.Tensors(tag)]
              for tag in events.PluginTagToContent("text")},
    "hyperparameters": values,
}))
