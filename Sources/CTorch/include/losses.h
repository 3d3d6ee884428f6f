// Loss functions (losses.cpp). Part of CTorch.h, whose rules apply.
#pragma once
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

/// `weights` [K] of the classes may be null. `sums`: sum the images' losses instead of averaging them.
int ct_cross_entropy(const ct_tensor *logits, const ct_tensor *labels, const ct_tensor *weights, double smoothing,
                     bool sums, ct_tensor **out);
/// Of distributions, each class separately: the mean over images and classes, an image weighted by its
/// classes.
int ct_binary_cross_entropy(const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weights,
                            ct_tensor **out);
/// Of distributions: `-weights · t · (1 - p)^gamma · log p`, summed over the classes; the mean over the
/// images.
int ct_focal_loss(const ct_tensor *logits, const ct_tensor *targets, const ct_tensor *weights, double gamma,
                  ct_tensor **out);
/// Of two networks' logits, of which `known` are the teacher's: the mean over images and classes of the KL
/// divergence of their distributions at `temperature`, times its square.
int ct_distillation_loss(const ct_tensor *logits, const ct_tensor *known, double temperature, ct_tensor **out);

#ifdef __cplusplus
}
#endif
