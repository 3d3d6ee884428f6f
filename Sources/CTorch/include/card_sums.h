// Sums of floats over cards, by NCCL or HCCL (card_sums.cpp). Part of CTorch.h, whose rules hold here.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whose sums: NVIDIA's or Ascend's library, found by name where it is loaded or the dynamic loader knows it.
typedef enum { CT_NCCL = 0, CT_HCCL = 1 } ct_sums_library;

typedef struct ct_card_group ct_card_group;
/// What the library is called, with its version where it tells one, as `NCCL 2.28.9`; valid until the thread's
/// next call. Fails where it is not there.
int ct_sums_name(int library, const char **out);
/// Bytes of the key by which the processes of a group find one another.
size_t ct_sums_key_size(int library);
/// A new key, made by one process for all; there is room for as many bytes as it has.
int ct_sums_make_key(int library, void *key);
/// Joins `size` processes with a card each, this one's being that which is current; returns when all of them have.
int ct_card_group_join(int library, int kind, int index, const void *key, int rank, int size, ct_card_group **out);
/// Puts on the card's current queue that the sums over all processes take the place of these floats of the card.
int ct_card_group_sum(ct_card_group *group, float *floats, size_t count);
/// Fails where sums that are on their way will not end, as far as the library knows; waits for nothing.
int ct_card_group_check(const ct_card_group *group);
/// Gives up what is on its way: where the library can, the card goes on with what comes after it, of no meaning; else nobody waits for
/// the card any more when the process ends.
void ct_card_group_abort(ct_card_group *group);
/// What the library has for the group ends with the process, as do graphs with sums of it.
void ct_card_group_free(ct_card_group *group);

#ifdef __cplusplus
}
#endif
