// What a failing call needs to know of the recording on its thread (recording.cpp).
#pragma once
#include <string>

namespace ct::recording {

/// Ends this thread's recording because of an error in it; returns false if there is none.
bool refuse(const std::string &why) noexcept;

/// Whether this thread's recording was refused and its recorder has not been told yet.
bool is_refused() noexcept;

}  // namespace ct::recording
