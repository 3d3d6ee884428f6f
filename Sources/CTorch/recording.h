// What a failed call has to know of the recording that its thread is in (recording.cpp).
#pragma once
#include <string>

namespace ct::recording {

/// Ends this thread's recording for what went wrong in it; false where there is none.
bool refuse(const std::string &why) noexcept;

/// Whether this thread's recording was refused, of which nobody has heard yet.
bool is_refused() noexcept;

}  // namespace ct::recording
