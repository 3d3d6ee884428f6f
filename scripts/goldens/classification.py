"""Goldens of what an evaluation reports: recall, precision, balanced accuracy and calibration, by their definitions in numpy.

Writes Tests/TrainingTests/Goldens/classification.json, a list of cases. Each has `classes`, the number of classes, and for
each image its label, the predicted class and the confidence in it; then what is made of them:

    recall, precision     for each class; null where it has no images, or none was taken for it
                          (scikit-learn: recall_score, precision_score with average=None)
    balanced_accuracy     mean recall of the classes with images (balanced_accuracy_score)
    ece                   expected calibration error over 15 bins of equal width, each open below and closed above:
                          sum over bins of |accuracy - mean confidence| x its part of all images (Guo et al. 2017)

    python scripts/goldens/classification.py    needs numpy
"""

import json
from pathlib import Path

import numpy as np

BINS = 15


def ratio(part, whole):
    return [float(a / b) if b else None for a, b in zip(part, whole)]


def case(classes, labels, predicted, confidences):
    hit = labels == predicted
    images = np.bincount(labels, minlength=classes)
    correct = np.bincount(labels[hit], minlength=classes)
    named = np.bincount(predicted, minlength=classes)
    recall = ratio(correct, images)
    bins = np.clip(np.ceil(confidences.astype(np.float64) * BINS).astype(int) - 1, 0, BINS - 1)
    ece = 0.0
    for number in range(BINS):
        members = bins == number
        if members.any():
            ece += members.mean() * abs(hit[members].mean() - confidences[members].astype(np.float64).mean())
    return {
        "classes": classes, "labels": labels.tolist(), "predicted": predicted.tolist(),
        "confidences": [float(c) for c in confidences], "recall": recall, "precision": ratio(correct, named),
        "balanced_accuracy": float(np.mean([r for r in recall if r is not None])), "ece": float(ece)}


def drawn(seed, classes, images, skill):
    """Images of unequal classes, of which a part `skill` is recognised, with confidences that are too high."""
    generator = np.random.default_rng(seed)
    labels = np.sort(generator.choice(classes, images, p=np.arange(1, classes + 1) / sum(range(1, classes + 1))))
    guesses = generator.integers(0, max(1, classes - 1), images)  # The last class is named where it is recognised alone.
    predicted = np.where(generator.random(images) < skill, labels, guesses)
    confidences = (0.3 + 0.7 * generator.random(images)).astype(np.float32)
    return case(classes, labels, predicted, confidences)


cases = [
    drawn(0, 10, 300, 0.6), drawn(1, 2, 40, 0.1), drawn(2, 1, 5, 0.0), drawn(3, 40, 25, 0.5),
    # On the edges of bins, and without anything right.
    case(3, np.array([0, 0, 1, 1]), np.array([1, 2, 0, 2]), np.array([1, 1 / 15, 0.2, 0.5], np.float32)),
]
path = Path(__file__).parents[2] / "Tests/TrainingTests/Goldens/classification.json"
path.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
