// Turns every C++ exception into a status and a thread-local message, since none may cross a Swift frame.
#pragma once
#include <c10/util/Exception.h>
#include <exception>
#include <string>

#include "CTorch.h"
#include "recording.h"

namespace ct {

inline thread_local std::string last_error;

/// Whether a message of libtorch's is about an operation without a deterministic form.
inline bool lacks_determinism(const std::string &message) {
  for (const char *words : {"does not have a deterministic implementation", "Deterministic behavior was enabled"})
    if (message.find(words) != std::string::npos) return true;
  return false;
}

/// Runs `body`; returns `CT_DONE`, or a status for the exception that it threw (`ct_last_error()` has the
/// message).
template <class Body>
int attempted(Body &&body) noexcept {
  try {
    body();
    return CT_DONE;
  } catch (const c10::OutOfMemoryError &error) {
    last_error = error.what_without_backtrace();
    return CT_NO_DEVICE_MEMORY;
  } catch (const c10::AcceleratorError &error) {
    last_error = error.what_without_backtrace();
    return CT_DEVICE_FAILED;
  } catch (const c10::Error &error) {
    last_error = error.what_without_backtrace();  // the cause; libtorch's own stack helps nobody here
    if (lacks_determinism(last_error)) return CT_NOT_DETERMINISTIC;
  } catch (const std::exception &error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an exception of unknown type";
  }
  return CT_FAILED;
}

/// Runs a call that changes no tensor.
///
/// If recording refuses the call, the recording ends and the call is executed at once; the recorder learns of
/// it at the end.
template <class Body>
int guarded(Body &&body) noexcept {
  const int status = attempted(body);
  return status != CT_DONE && recording::refuse(last_error) ? attempted(body) : status;
}

/// Runs a call that changes tensors; after a refused recording it changes nothing until the recording's end.
template <class Body>
int changing(Body &&body) noexcept {
  if (recording::is_refused()) return CT_DONE;
  const int status = attempted(body);
  return status != CT_DONE && recording::refuse(last_error) ? CT_DONE : status;
}

}  // namespace ct
