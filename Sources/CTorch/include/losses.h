// What networks learn by (losses.cpp). Part of CTorch.h, whose rules hold here.
#pragma once
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

/// `weights` [K] of the classes may be null. `sums`: add the images' losses up instead of averaging them.
int ct_cross_entropy(const ct_tensor *logits, const ct_tensor *labels, const ct_tensor *weights, double smoothing,
                     bool sums, ct_tensor **out);
/// Of distributions, each class for itself: the mean over images and classes, an image counting as its classes do.
int ct_binary_cross_entropy(const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weights,
                            ct_tensor **out);
/// Of distributions: `-weights · t · (1 - p)^gamma · log p`, summed over the classes; the mean over the images.
int ct_focal_loss(const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weights, double gamma,
                  ct_tensor **out);
/// Of two networks' logits, the second's known: the mean over images and classes of the divergence of their distributions at
/// a temperature, times its square.
int ct_distillation_loss(const ct_tensor *logits, const ct_tensor *known, double temperature, ct_tensor **out);

#ifdef __cplusplus
}
#endif
