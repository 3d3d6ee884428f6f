import Flags
import Foundation

extension Train {
  /// `--dry-run`: all checks of a start, by one process for as many workers as the environment says; writes nothing.
  func rehearse(_ environment: [String: String]) throws {
    let placement = Placement.rehearsal(workers: environment["WORLD_SIZE"].flatMap { Int($0) } ?? 1)
    try Resume.requireFree(flags)
    let start = try Resume.from(flags, Voice(speaks: true))
    let setup = try RunSetup(flags, over: start?.values(for: flags), placement, Sections([:], rank: 0))
    // What is gone on from has to fit the network; without it there is nothing to build one for.
    if start != nil { _ = try TrainingRun(setup, from: start) }
    setup.sayRecipe()
    if flags.run.trains { setup.sayStart() }
    setup.voice.say("Nothing was written: --dry-run")
  }
}
