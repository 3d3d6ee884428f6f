/// The seconds that a loader's threads spent on each kind of work, summed over threads; sleeping does not
/// count.
public struct LoaderWork: Equatable, Sendable {
  /// Reading files, and waiting for the disk.
  public var reading: Double
  /// Turning files into views.
  public var making: Double

  /// Makes a value.
  public init(reading: Double = 0, making: Double = 0) { (self.reading, self.making) = (reading, making) }
}
