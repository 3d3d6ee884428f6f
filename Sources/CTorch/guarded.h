// Turns every C++ exception into a status and a thread-local message, since none may cross a Swift frame.
#pragma once
#include <c10/util/Exception.h>
#include <exception>
#include <string>

namespace ct {

inline thread_local std::string last_error;

/// Runs `body`; 0 when it returned, 1 when it threw (`ct_last_error()` then says what).
template <class Body>
int guarded(Body &&body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error &error) {
    last_error = error.what_without_backtrace();  // the cause; libtorch's own stack helps nobody here
  } catch (const std::exception &error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an exception of unknown type";
  }
  return 1;
}

}  // namespace ct
