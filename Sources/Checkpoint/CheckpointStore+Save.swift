import FoundationEssentials
import Glibc

/// One file of a checkpoint: `NAME.safetensors` with these tensors.
public struct TensorFile {
  /// The file's name, without the ending.
  public let name: String
  /// What the file holds.
  public let tensors: [TensorView]
  /// Texts to put beside the tensors.
  public let metadata: [String: String]

  /// A file that will be called `NAME.safetensors`.
  public init(name: String, tensors: [TensorView], metadata: [String: String] = [:]) {
    self.name = name
    self.tensors = tensors
    self.metadata = metadata
  }
}

extension CheckpointStore {
  /// Saves a checkpoint under a name, in place of an earlier one of that name.
  ///
  /// When this returns, the checkpoint is whole and on the disk. On any error, and after a crash at any moment,
  /// every earlier checkpoint is as it was; a temporary folder that a crash leaves is removed by the next save.
  /// - Parameters:
  ///   - name: The folder's name, as `epoch-0007`.
  ///   - files: The tensors, written from where they are.
  ///   - state: Everything that is not a tensor; written as JSON to `state.json`.
  public func save(name: String, files: [TensorFile], state: some Encodable) throws(CheckpointError) {
    precondition(
      !name.isEmpty && !name.hasPrefix(".") && !name.contains("/"), "'\(name)' cannot name a folder")
    let state = try encoded(state, for: name)
    try disk.makeFolder(folder, mayExist: true)
    try disk.removeLeftovers(in: folder)
    do throws(CheckpointError) {
      try fill(temporaryPath(of: name), files: files, state: state)
      try publish(name)
    } catch {
      try? disk.remove(temporaryPath(of: name))
      throw error
    }
    try disk.syncFolder(folder)
  }

  private func fill(_ path: String, files: [TensorFile], state: [UInt8]) throws(CheckpointError) {
    try disk.makeFolder(path)
    var manifest = Manifest(sequence: (list().readable.first?.sequence ?? 0) + 1)
    for file in files { manifest.files.append(try write(file, in: path)) }
    manifest.files.append(try write(state, named: StoredCheckpoint.stateFileName, in: path))
    _ = try write(try encoded(manifest, for: path), named: Manifest.fileName, in: path)
    try disk.syncFolder(path)
  }

  private func write(_ file: TensorFile, in folder: String) throws(CheckpointError) -> Manifest.File {
    let name = "\(file.name).\(StoredCheckpoint.tensorFileEnding)"
    let path = "\(folder)/\(name)"
    let layout = try SafetensorsLayout(file.tensors, metadata: file.metadata, path: path)
    var writer = try FileWriter(creating: path, on: disk)
    try layout.write(to: &writer)
    try writer.sync()
    return Manifest.File(
      name: name, size: writer.count, checksum: layout.header.withUnsafeBytes(Manifest.Checksum.init(of:)),
      tensors: layout.tensors.map { Manifest.Tensor(name: $0.name, checksum: .init(of: $0.bytes)) })
  }

  private func write(_ bytes: [UInt8], named name: String, in folder: String) throws(CheckpointError)
    -> Manifest.File
  {
    var writer = try FileWriter(creating: "\(folder)/\(name)", on: disk)
    try writer.write(bytes)
    try writer.sync()
    return Manifest.File(
      name: name, size: writer.count, checksum: bytes.withUnsafeBytes(Manifest.Checksum.init(of:)))
  }

  /// Gives the finished folder its name; an earlier folder of that name is then removed.
  private func publish(_ name: String) throws(CheckpointError) {
    guard access(path(of: name), F_OK) == 0 else {
      return try disk.rename(temporaryPath(of: name), to: path(of: name))
    }
    do throws(CheckpointError) {
      try disk.exchange(temporaryPath(of: name), with: path(of: name))
    } catch .system(_, _, EINVAL) {
      return try replaceInTwoSteps(name)
    }
    try disk.syncFolder(folder)
    try disk.remove(temporaryPath(of: name))
  }

  /// For file systems that cannot swap two names, as NFS: for a moment there is no checkpoint of this name.
  private func replaceInTwoSteps(_ name: String) throws(CheckpointError) {
    let earlier = temporaryPath(of: "\(name).earlier")
    try disk.rename(path(of: name), to: earlier)
    try disk.rename(temporaryPath(of: name), to: path(of: name))
    try disk.remove(earlier)
  }

  private func encoded(_ value: some Encodable, for name: String) throws(CheckpointError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      throw .incomplete(folder: path(of: name), reason: "its state cannot be written as JSON: \(error)")
    }
  }
}
