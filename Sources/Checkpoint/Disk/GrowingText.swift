/// A text that is written part by part, and takes its name, in place of an earlier file's, when it is whole.
public final class GrowingText {
  private let path: String
  private let disk = FileSystem()
  private var writer: FileWriter
  private var isWhole = false

  /// Begins beside the file's name, so that what cannot be written there is known at once.
  public init(for path: String) throws(CheckpointError) {
    let (folder, name) = FileSystem.split(path)
    try disk.removeLeftovers(in: folder, of: name)
    writer = try FileWriter(creating: "\(folder)/\(TemporaryName.own.temporaryName(for: name))", on: disk)
    self.path = path
  }

  deinit { if !isWhole { try? disk.remove(writer.path) } }

  /// Adds a part, as UTF-8.
  public func write(_ part: String) throws(CheckpointError) { try writer.write(Array(part.utf8)) }

  /// Gives it its name, once the bytes are on the disk.
  public func finish() throws(CheckpointError) {
    try writer.sync()
    try disk.rename(writer.path, to: path)
    isWhole = true
    try disk.syncFolder(FileSystem.split(path).folder)
  }
}
