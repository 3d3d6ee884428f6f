// Sums over cards by one library's names, each rank a thread with a test card of its own.
//
// card-sums LIBTESTCARD nccl|hccl: prints a line a case, or why one fails, and ends with 1 then. In a process by itself, since a
// library that registers a device with libtorch does so for all that the process does.
import Collective
import Engines
import Foundation
import Glibc
import System
import TestSupport
import Torch

alarm(120)
let library: CardLibrary = CommandLine.arguments[2] == "nccl" ? .nccl : .hccl
let size = 3

func demand(_ holds: Bool, _ words: String) {
  guard !holds else { return }
  print("FAILED: \(words)")
  exit(1)
}

if let words = Runtime.open(deviceLibrary: CommandLine.arguments[1]) { demand(false, words) }
let (key, secondKey) = (try library.makeKey(), try library.makeKey())
print("name: \(try library.name())")

/// What a rank sees of one case.
enum Seen: Equatable {
  case numbers([Float])
  case failure(String)
}

/// Sums `values` of a card in place.
func sum(_ values: [Float], by sums: CardSums, on card: Device) -> Seen {
  let tensor = Tensor(values, [values.count]).moved(to: card)
  do throws(CollectiveError) { try sums.sum(tensor.cardFloats()) } catch { return .failure("\(error)") }
  return .numbers(tensor.moved(to: .cpu).elements())
}

let all = onRanks(size) { rank throws(EngineFailure) -> [Seen] in
  let card = Device(.npu, index: rank)
  card.makeCurrent()
  let sums = try CardSums(
    by: library, onCardOf: Device.Kind.npu.rawValue, index: rank, meetingBy: key, rank: rank, size: size)
  // More than go through at once, with a rest.
  let many = (0..<200_001).map { Float(rank + 1) * Float($0 % 1000) }
  var seen = [sum(many, by: sums, on: card), sum([Float(rank)], by: sums, on: card)]
  do throws(CollectiveError) { try sums.check() } catch { seen.append(.failure("\(error)")) }
  seen.append(sum([Float](repeating: 1, count: rank == 1 ? 4 : 5), by: sums, on: card))
  sums.abort()
  seen.append(sum([1], by: sums, on: card))
  return seen
}
for (rank, result) in all.enumerated() {
  let seen = try result.get()
  demand(seen.count == 4, "rank \(rank) sees \(seen.count) outcomes: \(seen.dropFirst(2))")
  demand(seen[0] == .numbers((0..<200_001).map { 6 * Float($0 % 1000) }), "rank \(rank): the first sum")
  demand(seen[1] == .numbers([3]), "rank \(rank): \(seen[1])")
  for (index, words) in [(2, "AllReduce: "), (3, "these sums were given up")] {
    guard case .failure(let text) = seen[index] else { demand(false, "rank \(rank): no failure"); continue }
    demand(text.contains(words), "rank \(rank): \(text)")
    if rank == 0 { print("failure: \(text)") }
  }
}

let twice = onRanks(2) { rank throws(EngineFailure) in
  Device(.npu, index: 0).makeCurrent()
  _ = try CardSums(
    by: library, onCardOf: Device.Kind.npu.rawValue, index: 0, meetingBy: secondKey, rank: rank, size: 2)
}
for result in twice {
  guard case .failure(let failure) = result else { demand(false, "two ranks share a card"); continue }
  print("one card: \(failure)")
}
print("all passed")
