// Sums of floats over cards by NCCL or HCCL (card_sums.cpp). Part of CTorch.h, whose rules apply.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// NVIDIA's or Ascend's library, found by name among the loaded ones or by the dynamic loader.
typedef enum { CT_NCCL = 0, CT_HCCL = 1 } ct_sums_library;

typedef struct ct_card_group ct_card_group;
/// The library's name, with its version if it tells one, such as `NCCL 2.28.9`; valid until the thread's next
/// call. Fails if there is no such library.
int ct_sums_name(int library, const char **out);
/// Bytes of the key with which a group's processes find each other.
size_t ct_sums_key_size(int library);
/// Makes a new key, in one process for all; `key` has room for its bytes.
int ct_sums_make_key(int library, void *key);
/// Joins `size` processes with one card each, in this process the current card; returns when all have joined.
int ct_card_group_join(int library, int kind, int index, const void *key, int rank, int size, ct_card_group **out);
/// Enqueues the in-place sum over all processes of these floats on the card's current stream.
int ct_card_group_sum(ct_card_group *group, float *floats, size_t count);
/// Fails if the library knows that sums under way will not finish; does not wait.
int ct_card_group_check(const ct_card_group *group);
/// Cancels what is under way. If the library can, the card continues with undefined results; otherwise the
/// process's end no longer waits for the card.
void ct_card_group_abort(ct_card_group *group);
/// Frees the handle; the library's own objects, and graphs that contain its sums, live until the process
/// ends.
void ct_card_group_free(ct_card_group *group);

#ifdef __cplusplus
}
#endif
