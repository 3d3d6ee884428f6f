"""Prints what WebDataset reads in shards, in their order: each image's number, extension, bytes in base64 and class."""

import base64
import json
import sys

import webdataset

print(json.dumps([
    {"number": int(sample["__key__"].split("/")[-1]), "extension": extension,
     "bytes": base64.b64encode(sample[extension]).decode(), "label": int(sample["cls"])}
    for sample in webdataset.WebDataset(sys.argv[1:], shardshuffle=False)
    for extension in sample.keys() - {"cls"} if not extension.startswith("__")
]))
