import FoundationEssentials
import Glibc

/// One file of a checkpoint: `NAME.safetensors` with these tensors.
public struct TensorFile {
  /// The file's name without extension.
  public let name: String
  /// The file's tensors.
  public internal(set) var tensors: [TensorView]
  /// Metadata stored beside the tensors.
  public let metadata: [String: String]

  /// Makes a file that will be named `NAME.safetensors`.
  public init(name: String, tensors: [TensorView], metadata: [String: String] = [:]) {
    self.name = name
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Throws, naming the tensor, if one contains NaN or infinity: training could never continue from it.
  func checkIsFinite(in folder: String) throws(CheckpointError) {
    for tensor in tensors {
      guard let index = tensor.firstNonFinite else { continue }
      throw .badTensor(
        path: "\(folder)/\(name).\(VerifiedCheckpoint.tensorFileEnding)", tensor: tensor.name,
        reason:
          "element \(index) is NaN or infinite, so nothing was written; the earlier version is untouched")
    }
  }
}

extension CheckpointStore {
  /// Saves a checkpoint under a name, replacing an earlier one of that name.
  ///
  /// When this returns, the checkpoint is whole and on the disk. On any error every earlier checkpoint is as it was. After a
  /// crash, or where the disk fails so that nothing can be taken back, each name has the earlier content or the new one,
  /// whole. What is left besides is removed by the next save.
  /// - Parameters:
  ///   - name: The folder's name, as `epoch-0007`.
  ///   - files: The tensors, written from where they are.
  ///   - state: Everything that is not a tensor; written as JSON to `state.json`.
  ///   - isBest: Whether it is the best of the run so far; see `prune`.
  ///
  /// - Parameters:
  /// - name: The folder's name, such as `epoch-0007`.
  /// - files: The tensors, written directly from their memory.
  /// - state: Everything that is not a tensor; written as JSON to `state.json`.
  /// - isBest: Whether it is the best of the run so far; see `prune`.
  public func save(
    name: String, files: [TensorFile], state: some Encodable, isBest: Bool = false
  ) throws(CheckpointError) {
    precondition(
      !name.isEmpty && !name.hasPrefix(".") && !name.contains("/"), "'\(name)' cannot name a folder")
    for file in files { try file.checkIsFinite(in: path(of: name)) }
    _ = try write(
      PendingCheckpoint(name: name, files: files, state: try encoded(state, for: name), isBest: isBest))
  }

  /// Writes what is known to be finite, and may read it back; why an earlier one of that name is not gone yet, if so.
  func write(
    _ pending: PendingCheckpoint, readingBack: Bool = false
  ) throws(CheckpointError) -> CheckpointError? {
    try makeStore()
    try removeLeftovers()
    let temporary = temporaryPath(of: pending.name)
    do throws(CheckpointError) {
      try fill(temporary, with: pending)
    } catch {
      try? disk.remove(temporary)
      throw error
    }
    return try publish(pending.name, readingBack: readingBack)
  }

  /// Removes what unfinished saves have left.
  ///
  /// This may be the earlier content of a name; it goes only once the new name is on the disk.
  func removeLeftovers() throws(CheckpointError) {
    guard disk.names(in: folder).contains(where: { TemporaryName(temporaryName: $0) != nil }) else { return }
    try disk.syncFolder(folder)
    try disk.removeLeftovers(in: folder)
  }

  /// Makes the store's folder durable: its own name must survive a crash too.
  func makeStore() throws(CheckpointError) {
    guard list().readable.isEmpty else { return }
    try disk.makeFolders(folder)
    try disk.syncFolder(FileSystem.split(folder).folder)
  }

  private func fill(_ path: String, with pending: PendingCheckpoint) throws(CheckpointError) {
    try disk.makeFolder(path)
    let newest = list().readable.first
    var manifest = Manifest(sequence: (newest?.sequence ?? 0) + 1, isBest: pending.isBest)
    manifest.lineage = newest?.lineage ?? lineage
    for file in pending.files { manifest.files.append(try write(file, in: path)) }
    try finish(path, with: pending.state, manifest)
  }

  /// Writes the state, and last the manifest, to a folder that has its tensors.
  private func finish(_ path: String, with state: [UInt8], _ manifest: Manifest) throws(CheckpointError) {
    var manifest = manifest
    manifest.files.append(try write(state, named: VerifiedCheckpoint.stateFileName, in: path))
    _ = try write(try encoded(manifest, for: path), named: Manifest.fileName, in: path)
    try disk.syncFolder(path)
  }

  private func write(_ file: TensorFile, in folder: String) throws(CheckpointError) -> Manifest.File {
    let name = "\(file.name).\(VerifiedCheckpoint.tensorFileEnding)"
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

  func encoded(_ value: some Encodable, for name: String) throws(CheckpointError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(value))
    } catch {
      throw .incomplete(folder: path(of: name), reason: "its state cannot be written as JSON: \(error)")
    }
  }

  /// Gives the finished folder its name, on the disk; an earlier folder of that name is then removed.
  ///
  /// Until the new name is on the disk, a crash could bring back either folder, so neither is removed before that.
  /// - Parameter readingBack: Whether to verify what is on the disk; if it is not what was written, the earlier folder gets its
  ///   name back.
  /// - Returns: Why the earlier folder could not be removed, if so; the next save removes it.
  func publish(_ name: String, readingBack: Bool = false) throws(CheckpointError) -> CheckpointError? {
    let temporary = temporaryPath(of: name)
    let earlier: String?
    do throws(CheckpointError) {
      earlier = try putInPlace(name)
    } catch {
      try? disk.remove(temporary)
      throw error
    }
    do throws(CheckpointError) {
      try disk.syncFolder(folder)
    } catch {
      if let earlier { takeBack(name, earlier) }
      throw error
    }
    do throws(CheckpointError) {
      if readingBack { try readBack(name) }
    } catch {
      // What was written is damaged.
      if let earlier { takeBack(name, earlier) } else { try? remove(name) }
      throw error
    }
    do throws(CheckpointError) {
      if let earlier { try removeEarlier(earlier) }
      return nil
    } catch {
      return error
    }
  }

  /// Verifies a checkpoint from the disk, as far as the kernel allows, and not from cached pages.
  private func readBack(_ name: String) throws(CheckpointError) {
    for file in disk.names(in: path(of: name)) { disk.forget("\(path(of: name))/\(file)") }
    _ = try VerifiedCheckpoint(verifying: path(of: name))
  }

  /// Renames the finished folder; returns the name that an earlier one has from then on, if there is one.
  private func putInPlace(_ name: String) throws(CheckpointError) -> String? {
    let temporary = TemporaryName.own.temporaryName(for: name)
    guard disk.exists(path(of: name)) else {
      try disk.rename(path(of: temporary), to: path(of: name))
      return nil
    }
    do throws(CheckpointError) {
      try disk.exchange(path(of: temporary), with: path(of: name))
      return temporary
    } catch .system(_, _, EINVAL) {
      return try putInPlaceInTwoSteps(name)
    }
  }

  /// Replaces a folder on file systems that cannot swap two names, such as NFS.
  ///
  /// For a moment there is no checkpoint of this name; the earlier one is then `NAME.earlier`.
  private func putInPlaceInTwoSteps(_ name: String) throws(CheckpointError) -> String {
    let earlier = "\(name).earlier"
    if disk.exists(path(of: earlier)) { try remove(earlier) }
    try disk.rename(path(of: name), to: path(of: earlier))
    do throws(CheckpointError) {
      try disk.rename(temporaryPath(of: name), to: path(of: name))
    } catch {
      try? disk.rename(path(of: earlier), to: path(of: name))
      throw error
    }
    return earlier
  }

  /// Gives an earlier folder its name back, as far as the disk allows; the next save removes the new one.
  private func takeBack(_ name: String, _ earlier: String) {
    let temporary = temporaryPath(of: name)
    guard path(of: earlier) != temporary else {
      try? disk.exchange(temporary, with: path(of: name))
      return
    }
    guard (try? disk.rename(path(of: name), to: temporary)) != nil else { return }
    try? disk.rename(path(of: earlier), to: path(of: name))
  }

  private func removeEarlier(_ name: String) throws(CheckpointError) {
    if TemporaryName(temporaryName: name) == nil { try remove(name) } else { try disk.remove(path(of: name)) }
  }

  /// Gives a checkpoint another name and state, and removes it under its old name.
  ///
  /// Its tensors are not written again: the new folder has other names for the same files. When this returns, that is on
  /// the disk; on any error, and after a crash at any moment, the checkpoint is there as it was. Throws too where the
  /// file system knows no second names.
  /// - Returns: Why an earlier checkpoint of the new name is not removed yet, if so.
  func relabel(
    _ earlier: String, as name: String, state: some Encodable, isBest: Bool
  ) throws(CheckpointError) -> CheckpointError? {
    precondition(name != earlier, "\(name) has that name")
    var manifest = try Manifest(in: path(of: earlier))
    manifest.sequence = (list().readable.first?.sequence ?? 0) + 1
    manifest.isBest = isBest
    let temporary = temporaryPath(of: name)
    try removeLeftovers()
    do throws(CheckpointError) {
      try disk.makeFolder(temporary)
      for file in manifest.files where file.name != VerifiedCheckpoint.stateFileName {
        try disk.link("\(path(of: earlier))/\(file.name)", as: "\(temporary)/\(file.name)")
      }
      manifest.files.removeAll { $0.name == VerifiedCheckpoint.stateFileName }
      try finish(temporary, with: try encoded(state, for: name), manifest)
    } catch {
      try? disk.remove(temporary)
      throw error
    }
    let left = try publish(name)
    // Complete but superseded, it would only count towards the number of checkpoints kept.
    try? remove(earlier)
    return left
  }
}
