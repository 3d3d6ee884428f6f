// Transfers between hosts with c10d's store and Gloo (engine.cpp). Part of CTorch.h, whose rules apply.
//
// Times are in milliseconds, above 0; addresses are numeric.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_store ct_store;
typedef struct ct_group ct_group;
typedef struct ct_transfer ct_transfer;
/// Opens the store where the ranks of groups find each other. One process passes a socket that listens at
/// this port, which the store then owns; the others pass -1 and wait for it.
int ct_store_open(const char *address, int port, int socket, int64_t timeout, ct_store **out);
void ct_store_free(ct_store *store);
/// Sets a key's value, replacing an earlier one.
int ct_store_set(const ct_store *store, const char *key, const void *bytes, size_t count);
/// Waits for a key, and calls `take` once with its value.
int ct_store_get(const ct_store *store, const char *key, void (*take)(void *context, const void *bytes, size_t count),
                 void *context);
/// Makes a group of `size` ranks that meet in the store under `name`, each listening on an address of its own
/// host.
int ct_group_open(const ct_store *store, const char *name, const char *address, int rank, int size, int64_t timeout,
                  ct_group **out);
void ct_group_free(ct_group *group);
/// The memory must stay valid until the transfer is freed.
int ct_group_send(ct_group *group, const void *bytes, size_t count, int peer, int tag, ct_transfer **out);
int ct_group_receive(ct_group *group, void *bytes, size_t count, int peer, int tag, ct_transfer **out);
/// Fails if the peer is gone or the time is over; then the whole group fails.
int ct_transfer_wait(ct_transfer *transfer, int64_t timeout);
/// The transfer may be unfinished; its memory is not accessed afterwards.
void ct_transfer_free(ct_transfer *transfer);

#ifdef __cplusplus
}
#endif
