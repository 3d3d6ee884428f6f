/// Replaces files as a whole: a reader, or the next start after a crash, finds the old content or the new.
public enum AtomicFile {
  /// Writes a file's content in place of an earlier one's.
  ///
  /// The bytes are on the disk, under the file's name, when this returns; on any error the earlier file is untouched.
  /// One process at a time may write a given file.
  public static func write(_ bytes: UnsafeRawBufferPointer, to path: String) throws(CheckpointError) {
    try write(to: path) { writer throws(CheckpointError) in try writer.write(bytes) }
  }

  /// Writes a text in place of an earlier file's content, as UTF-8.
  public static func write(_ text: String, to path: String) throws(CheckpointError) {
    let bytes = Array(text.utf8)
    try write(to: path) { writer throws(CheckpointError) in try writer.write(bytes) }
  }

  static func write(
    to path: String, on disk: Disk = Disk(), _ body: (inout FileWriter) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    let (folder, name) = Disk.split(path)
    try disk.removeLeftovers(in: folder, of: name)
    let temporary = "\(folder)/\(WriterMark.own.temporaryName(for: name))"
    do throws(CheckpointError) {
      try fill(temporary, on: disk, body)
      try disk.rename(temporary, to: path)
    } catch {
      try? disk.remove(temporary)
      throw error
    }
    try disk.syncFolder(folder)
  }

  private static func fill(
    _ path: String, on disk: Disk, _ body: (inout FileWriter) throws(CheckpointError) -> Void
  ) throws(CheckpointError) {
    var writer = try FileWriter(creating: path, on: disk)
    try body(&writer)
    try writer.sync()
  }
}
