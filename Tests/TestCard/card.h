// What the parts of the test card share.
#pragma once
#include <ATen/ATen.h>
#include <c10/core/Allocator.h>
#include <string>

namespace card {

constexpr auto kind = c10::DeviceType::PrivateUse1;
constexpr int most_cards = 8;

/// Cards of this process, by TEST_CARD_COUNT.
int count();

/// The calling thread's card.
int current();
void set_current(int card);
/// Throws unless it is the calling thread's card: what works on another one's memory has forgotten to say so.
void check_current(int card);

/// The name of a card's one queue, for those who put work on it by themselves.
void *queue_of(int card);

/// Whether a card comes to nothing more: what was asked of it is never done, and whoever waits for it waits for ever.
bool is_stuck(int card);
void set_stuck(int card, bool is_stuck);

/// The cards' memory, of the calling thread's card.
c10::Allocator *allocator();
/// Where the bytes of an address on a card are kept; the host reads and writes them there.
void *held(const void *address);
/// The address on a card of bytes that are kept at `place`; null where none are.
void *address_of(const void *place);
/// The card that an address belongs to; -1 where it is none's.
int owner(const void *address);

/// The bytes of a tensor, where the host can touch them.
at::Tensor on_host(const at::Tensor &tensor);
/// A tensor of the host's on the card of another.
at::Tensor on_card(const at::Tensor &tensor, const at::Tensor &beside);

/// Host memory that a copy need not wait for.
c10::Allocator *pinned_allocator();
bool is_pinned(const void *address);

/// Sorts of work that a program gives a card, or has from it.
enum class Event { launch, upload, pageable_upload, download, wait };

/// Counts an event; of a launch, by operation. Throws where a fault was asked for at this launch.
void note(Event event, const std::string &operation = "", size_t bytes = 0);

/// Puts downloads that nobody waited for where they go: until then the host finds NaN there.
void arrive();

/// Throws unless there is a card of this number.
void check_number(int64_t card);

}  // namespace card
