import Flags

extension Train {
  /// `--print-config`: what a run with these flags would follow; rank 0 says it for all.
  func printConfiguration(_ placement: Placement) throws {
    let text = try flags.configuration(worldSize: placement.worldSize)
    Voice(speaks: placement.isFirst).say(text)
  }
}
