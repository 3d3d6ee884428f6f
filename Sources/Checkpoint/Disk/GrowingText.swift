/// A text file written in parts, which replaces an earlier file when it is complete.
public final class GrowingText {
  private let path: String
  private let disk = FileSystem()
  private var writer: FileWriter
  private var isWhole = false

  /// Creates a temporary file beside `path`, so that a lack of permission shows at once.
  public init(for path: String) throws(CheckpointError) {
    let (folder, name) = FileSystem.split(path)
    try disk.removeLeftovers(in: folder, of: name)
    writer = try FileWriter(creating: "\(folder)/\(TemporaryName.own.temporaryName(for: name))", on: disk)
    self.path = path
  }

  deinit { if !isWhole { try? disk.remove(writer.path) } }

  /// Appends a part, as UTF-8.
  public func write(_ part: String) throws(CheckpointError) { try writer.write(Array(part.utf8)) }

  /// Flushes the text to the disk and gives the file its name.
  public func finish() throws(CheckpointError) {
    try writer.sync()
    try disk.rename(writer.path, to: path)
    isWhole = true
    try disk.syncFolder(FileSystem.split(path).folder)
  }
}
