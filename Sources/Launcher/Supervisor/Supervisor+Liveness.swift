import Output

extension Supervisor {
  /// Looks at what the workers say of themselves, when it is time to; blames those that are stuck.
  func watchWorkers() {
    guard let liveness, now >= liveness.nextLook else { return }
    keepPossession()
    if fleet.isWritingStacks { return waitForStacks(liveness) }
    let found = liveness.look(workers.values, at: now, isHeldUp: console.isCongested)
    for straggler in found.stragglers { console.say("note: \(straggler)") }
    if !found.hangs.isEmpty { end(found.hangs) }
  }

  /// Whoever removes the output folder removes its lock, and a worker makes the folder anew.
  private func keepPossession() {
    do throws(OutputError) {
      try possession?.keep()
      isDispossessed = false
    } catch {
      if !isDispossessed { console.say("warning: \(error)") }
      isDispossessed = true
    }
  }

  private func end(_ hangs: [Hang]) {
    let actions = fleet.handle(.hung(hangs, at: now))
    guard !actions.isEmpty else { return }
    for hang in hangs { console.say("rank \(hang.rank) is \(hang)") }
    console.say("all workers write their stacks into their logs, and are ended then")
    for worker in workers.values {
      let output = outputs[worker.rank]
      output.isQuiet = true
      for line in ProcessNotes.lines(of: worker.identifier) { output.note(line, console: &console) }
    }
    perform(actions)
    _ = liveness?.haveWrittenStacks(workers.values, at: now)
  }

  private func waitForStacks(_ liveness: Liveness) {
    let wereWritten = areStacksWritten
    areStacksWritten = liveness.haveWrittenStacks(workers.values, at: now)
    // One turn later: the last lines may still lie in the pipes.
    guard wereWritten && areStacksWritten else { return }
    for output in outputs { output.isQuiet = false }
    perform(fleet.handle(.stacksWritten(at: now)))
  }
}
