// A worker that never ends what it begins, and tells the launcher's board what that is.
//
// spinning-worker SECTION spin|wait|move|step|talk: computes for ever, waits for a signal, tells the board again and
// again, there of steps too, or writes lines as fast as somebody takes them.
import Glibc
import System
import WorkerLink

/// The endless loop, public so that a stack has its name.
@inline(never) public func spinForEver() -> Never { while true {} }

/// The patient one.
@inline(never) public func waitForEver() -> Never { while true { pause() } }

// Should the launcher be killed, the kernel ends this.
alarm(120)
// Other tests run at the same time, and some of them against the clock.
_ = nice(19)
let environment = Dictionary(
  uniqueKeysWithValues: LauncherLink.variables.map { ($0, getenv($0).map { String(cString: $0) } ?? "") })
let rank = getenv("RANK").flatMap { Int(String(cString: $0)) } ?? 0
let phase = Phase.allCases.first { $0.name == CommandLine.arguments[1] }
guard let slot = StatusSlot(environment, rank: rank), let phase else { exit(1) }
slot.writeStacksOnSignal()
var state = WorkerStatus()
state.phase = phase
state.since = monotonicNanoseconds()
(state.epoch, state.step, state.stepsOfEpoch) = (3, 16, 40)
slot.publish(state)
while CommandLine.arguments[2] == "move" {
  slot.publish(state)
  usleep(1000)
}
while CommandLine.arguments[2] == "step" {
  state.stepsDone += 1
  (state.loss, state.imagesPerSecond) = (2.5, 80.5)
  slot.publish(state)
  usleep(1000)
}
while CommandLine.arguments[2] == "talk" {
  slot.publish(state)
  print(String(repeating: "-", count: 4000))
}
CommandLine.arguments[2] == "spin" ? spinForEver() : waitForEver()
