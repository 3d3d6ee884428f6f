import Flags

extension Train {
  /// `--print-config`: what a run with these flags would follow; rank 0 says it for all.
  func printConfiguration(_ placement: Placement) throws {
    let voice = Voice(speaks: placement.isFirst)
    let saved = try Resume.from(flags, voice)?.values(for: flags)
    let text = try flags.configuration(worldSize: placement.worldSize, over: saved)
    voice.say(text)
  }
}
