/// What the threads of a loader were busy with, in seconds of all of them; time for which they slept is in neither.
public struct LoaderWork: Equatable, Sendable {
  /// Reading files, and waiting for the disk.
  public var reading: Double
  /// Making views of them.
  public var making: Double

  /// So many seconds of each.
  public init(reading: Double = 0, making: Double = 0) { (self.reading, self.making) = (reading, making) }
}
