// A card's steps: copies that nobody waits for, and recorded work. Part of CTorch.h, whose rules apply.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;

// Asynchronous copies between host and device (transfer.cpp)
/// Copies CPU tensors to a device in a single copy; `out` receives as many.
int ct_upload(const ct_tensor *const *tensors, int count, int kind, int index, ct_tensor **out);
/// Copies CPU tensors of the same types and shapes over the results of an earlier upload, in a single copy.
int ct_upload_again(const ct_tensor *const *tensors, int count, ct_tensor *const *there);
/// A contiguous device tensor on its way to the host.
typedef struct ct_readback ct_readback;
int ct_readback_begin(const ct_tensor *t, ct_readback **out);
/// Where the bytes arrive; valid as long as the readback.
void *ct_readback_place(const ct_readback *readback, size_t *bytes);
int ct_readback_is_done(const ct_readback *readback, bool *out);
/// Waits until the bytes have arrived; any thread may call it.
int ct_readback_finish(const ct_readback *readback);
void ct_readback_free(ct_readback *readback);

// Work of a device recorded as a graph and replayed with one launch (recording.cpp)
typedef struct ct_recording ct_recording;
/// Records this thread's work for a device, which executes none of it, until `ct_record_end`; fails if it
/// cannot.
///
/// Work that the device refuses ends the recording: from then until the end, new tensors are undefined, and
/// no tensor is changed. Earlier tensors that are read must stay at their addresses.
int ct_record_begin(int kind, int index, ct_recording **out);
/// Fails, in the device's words, if anything was refused; free `recording` then.
int ct_record_end(ct_recording *recording);
/// Launches the recorded work on the current content of its memory.
int ct_replay(ct_recording *recording);
void ct_recording_free(ct_recording *recording);

#ifdef __cplusplus
}
#endif
