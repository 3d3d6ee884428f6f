// Saves checkpoints one after the other, as fast as it can, until it is killed.
//
// checkpoint-saver FOLDER: goes on from the newest checkpoint, and writes the number of each that is saved to stdout.
import Checkpoint
import Glibc
import TestSupport

let store = CheckpointStore(folder: CommandLine.arguments[1])
let writer = CheckpointWriter(store, keeping: 2)
var values = [Float](repeating: 0, count: 50_000)
var number = try store.newestVerified().checkpoint?.state(Int.self) ?? 0

while true {
  number += 1
  for index in values.indices { values[index] = Float(number) }
  // Every third save replaces the one before.
  let name = CheckpointName(epoch: number / 3, step: number % 3 == 0 ? nil : 1)
  let isTaken = values.withUnsafeBytes { bytes in
    writer.begin(name, state: number) { snapshot in
      let view = TensorView(name: "w", type: .float32, shape: [values.count], bytes: bytes)
      snapshot.copy([view], to: "model")
      snapshot.copy([view], to: "optimizer")
    }
  }
  guard isTaken, writer.wait(within: .seconds(60)), case .success? = writer.takeOutcome() else { exit(1) }
  withUnsafeBytes(of: Int32(number)) { _ = write(STDOUT_FILENO, $0.baseAddress, $0.count) }
}
