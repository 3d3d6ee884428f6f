import System

/// What every command of the program needs, and one that trains for its files and the sockets between ranks.
func requireDescriptors() throws(Shortage) {
  try Limits.require(descriptors: 64, for: "a worker's files and sockets")
}

/// Throws where there is no room for what a network takes at least: libraries that find none end the process unasked.
///
/// - Parameter threads: Threads that are to run beside the first.
func requireRoom(threads: Int) throws(Shortage) {
  try Limits.require(addressSpace: 640 << 20, for: "the smallest network")
  try OwnThread.rehearse(threads, for: "a worker")
}
