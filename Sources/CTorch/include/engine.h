// Bytes between hosts, by c10d's store and its Gloo (engine.cpp). Part of CTorch.h, whose rules hold here.
//
// Times are in milliseconds, above 0; addresses are numbers, no names.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_store ct_store;
typedef struct ct_group ct_group;
typedef struct ct_transfer ct_transfer;
/// Where the ranks of groups find one another: at this port, for the one process that brings a socket which listens there, and
/// which then belongs to the store; the others, with -1, wait for it.
int ct_store_open(const char *address, int port, int socket, int64_t timeout, ct_store **out);
void ct_store_free(ct_store *store);
/// Puts a value into the store, in place of an earlier one.
int ct_store_set(const ct_store *store, const char *key, const void *bytes, size_t count);
/// Waits for a key; `take` is called once with its value.
int ct_store_get(const ct_store *store, const char *key, void (*take)(void *context, const void *bytes, size_t count),
                 void *context);
/// A group of `size` ranks that have met in the store under this name, each listening on an address of its own host.
int ct_group_open(const ct_store *store, const char *name, const char *address, int rank, int size, int64_t timeout,
                  ct_group **out);
void ct_group_free(ct_group *group);
/// Memory that is sent or received into stays until the transfer is freed.
int ct_group_send(ct_group *group, const void *bytes, size_t count, int peer, int tag, ct_transfer **out);
int ct_group_receive(ct_group *group, void *bytes, size_t count, int peer, int tag, ct_transfer **out);
/// Fails where the peer is gone or the time is over; from then on the whole group fails.
int ct_transfer_wait(ct_transfer *transfer, int64_t timeout);
/// The transfer may not be over: its memory is touched no more.
void ct_transfer_free(ct_transfer *transfer);

#ifdef __cplusplus
}
#endif
