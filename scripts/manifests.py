"""Checks Kubernetes manifests, one or more in each file: see scripts/check-manifests."""

import ast
import importlib
import importlib.util
import pathlib
import re
import sys
import typing

import kubernetes_validate
import pydantic
import yaml

VERSION = kubernetes_validate.latest_version()
# A set of a kind of its own holds these inside, which are Kubernetes' own.
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "inside"}}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "inside"}}


class Wrong(Exception):
    """What is wrong with a manifest, and where."""


def check_known(document):
    """By Kubernetes' own schema; without one for the kind it is wrong, and not passed over."""
    try:
        kubernetes_validate.validate(document, VERSION, strict=True)
    except kubernetes_validate.SchemaNotFoundError:
        raise Wrong(f"no schema is known of {document['apiVersion']} {document['kind']}") from None
    except kubernetes_validate.ValidationError as error:
        raise Wrong(f"{'.'.join(map(str, error.path)) or document['kind']}: {error.message}") from None


def model_of(annotation):
    """JobSet's model that a field holds, be it one or a list of them; None where it is another's."""
    for part in [annotation, *typing.get_args(annotation)]:
        # What is Kubernetes' own inside has its schema.
        if isinstance(part, type) and issubclass(part, pydantic.BaseModel) and part.__name__.startswith("Jobset"):
            return part
        if part is not annotation and (found := model_of(part)):
            return found
    return None


def check_fields(value, model, place):
    """That a model has each field that is given, all the way down: by themselves models pass over what they do not know."""
    if isinstance(value, list):
        for index, one in enumerate(value):
            check_fields(one, model, f"{place}[{index}]")
        return
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for name, inner in value.items() if isinstance(value, dict) else []:
        if name not in fields:
            raise Wrong(f"{place}.{name}: {model.__name__} has no such field; it has {', '.join(sorted(fields))}")
        if inside := model_of(fields[name].annotation):
            check_fields(inner, inside, f"{place}.{name}")


def check_job_set(document):
    module = importlib.import_module("kubeflow_trainer_api.models.jobset_v1alpha2_job_set")
    model = module.JobsetV1alpha2JobSet
    check_fields(document, model, "JobSet")
    try:
        model.from_dict(document)
    except pydantic.ValidationError as error:
        raise Wrong(str(error)) from None
    for job in document["spec"]["replicatedJobs"]:
        check_known({**JOB, "spec": job["template"]["spec"]})


def training_model(name):
    """The fields of a model of kubeflow-training with their types, read and not run: to import it takes a client of Kubernetes."""
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    root = pathlib.Path(importlib.util.find_spec("kubeflow").submodule_search_locations[0])
    source = (root / f"training/models/{file}.py").read_text()
    tables = {
        target.id: ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign)
        for target in node.targets if isinstance(target, ast.Name) and target.id in ("openapi_types", "attribute_map")
    }
    return {tables["attribute_map"][name]: kind for name, kind in tables["openapi_types"].items()}


TYPES = {"str": str, "int": int, "bool": bool}


def check_training(value, kind, place):
    if found := re.fullmatch(r"dict\(str, (.*)\)", kind):
        for name, one in value.items():
            check_training(one, found[1], f"{place}.{name}")
    elif kind == "V1PodTemplateSpec":
        check_known({**POD, "spec": value["spec"]})
    elif kind.startswith("Kubeflow"):
        fields = training_model(kind)
        for name, one in value.items():
            if name not in fields:
                raise Wrong(f"{place}.{name}: {kind} has no such field; it has {', '.join(sorted(fields))}")
            check_training(one, fields[name], f"{place}.{name}")
    elif not isinstance(value, TYPES.get(kind, object)):
        raise Wrong(f"{place}: {value!r} is no {kind}")


CHECKS = {
    ("jobset.x-k8s.io/v1alpha2", "JobSet"): check_job_set,
    ("kubeflow.org/v1", "PyTorchJob"): lambda document: check_training(document, "KubeflowOrgV1PyTorchJob", "PyTorchJob"),
}


def main():
    failed = False
    for path in sys.argv[1:]:
        for document in yaml.safe_load_all(pathlib.Path(path).read_text()):
            kind = (document["apiVersion"], document["kind"])
            try:
                CHECKS.get(kind, check_known)(document)
            except Wrong as wrong:
                failed = True
                print(f"{path}: {document['kind']} {document['metadata']['name']}: {wrong}", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
