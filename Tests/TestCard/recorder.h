// What a graph that is being recorded has to know of what a card is asked for.
#pragma once
#include "card.h"
#include <cstdint>
#include <functional>

namespace card {

/// Has libtorch know of the cards' graphs.
void offer_graphs();

/// Whether a graph is being recorded.
bool is_recording();

/// Has a graph that is being recorded note work of a card, which was done.
void recorded(std::function<void()> work);

/// Notes that a graph works on the memory of a card at an address.
void touch(const void *address);

/// Throws where a graph is being recorded, which cannot have this.
void refuse_recorded(const char *what);
/// Likewise, where the test wants this operation to be refused.
void refuse_unrecorded(const std::string &operation);

/// Has a card give out memory that only the graph which is being recorded has.
uint64_t begin_pool(int card);
/// From here on its memory is for all, and all that was there before has what it had.
void end_pool(int card);
/// Gives back what a graph has taken; what somebody still holds is theirs.
void drop_pool(int card, uint64_t pool);
/// Tells one taking of memory from the next of the same place; 0 where nobody has it.
uint64_t serial_of(const void *address);

}  // namespace card
