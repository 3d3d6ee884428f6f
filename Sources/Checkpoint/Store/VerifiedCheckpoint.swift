import FoundationEssentials

/// A checkpoint all of whose bytes were verified.
public struct VerifiedCheckpoint {
  /// The checkpoint's name in the store, such as `epoch-0007`.
  public let name: String
  /// Its folder.
  public let folder: String

  private let files: [String: SafetensorsFile]
  private let stateBytes: Data

  static let stateFileName = "state.json"
  static let tensorFileEnding = "safetensors"

  /// Opens and verifies the checkpoint in a folder; throws, naming file and tensor, if anything differs from
  /// what was written.
  public init(verifying folder: String) throws(CheckpointError) {
    let manifest = try Manifest(in: folder)
    var files: [String: SafetensorsFile] = [:]
    var state: Data?
    for file in manifest.files {
      let path = "\(folder)/\(file.name)"
      if file.name.hasSuffix(".\(Self.tensorFileEnding)") {
        files[file.name] = try file.openTensors(path)
      } else {
        state = try file.read(path)
      }
    }
    guard let state else { throw .incomplete(folder: folder, reason: "its manifest knows no state") }
    self.folder = folder
    name = folder.split(separator: "/").last.map(String.init) ?? folder
    self.files = files
    stateBytes = state
  }

  /// The tensors saved in this file; their bytes are valid as long as the result lives.
  public func tensors(of file: String) throws(CheckpointError) -> SafetensorsFile {
    guard let tensors = files["\(file).\(Self.tensorFileEnding)"] else {
      throw .incomplete(folder: folder, reason: "there is no file '\(file)' in it")
    }
    return tensors
  }

  /// Decodes everything that is not a tensor.
  public func state<State: Decodable>(_ type: State.Type) throws(CheckpointError) -> State {
    try Self.state(State.self, stateBytes, of: folder)
  }

  /// Decodes everything that is not a tensor of the checkpoint in a folder, without examining its tensors.
  public static func state<State: Decodable>(
    _ type: State.Type, in folder: String
  ) throws(CheckpointError) -> State {
    let manifest = try Manifest(in: folder)
    guard let file = manifest.files.first(where: { $0.name == stateFileName }) else {
      throw .incomplete(folder: folder, reason: "its manifest knows no state")
    }
    return try state(State.self, try file.read("\(folder)/\(stateFileName)"), of: folder)
  }

  /// Whether a folder is a checkpoint's, complete or not, by its name or content.
  public static func isNamed(by folder: String) -> Bool {
    let disk = FileSystem()
    return disk.exists("\(folder)/\(Manifest.fileName)")
      || CheckpointName(FileSystem.split(folder).name) != nil
  }

  private static func state<State: Decodable>(
    _ type: State.Type, _ bytes: Data, of folder: String
  ) throws(CheckpointError) -> State {
    let path = "\(folder)/\(stateFileName)"
    let state: State
    do {
      state = try JSONDecoder().decode(State.self, from: bytes)
    } catch {
      throw .badFile(path: path, reason: "another version of this program wrote it: \(error)")
    }
    if let fault = (state as? any CheckedState)?.fault {
      throw .badFile(path: path, reason: "it is damaged: \(fault)")
    }
    return state
  }
}

extension Manifest.File {
  /// Opens a file of tensors and checks it against the manifest.
  fileprivate func openTensors(_ path: String) throws(CheckpointError) -> SafetensorsFile {
    let mapping = try open(path)
    let file = try SafetensorsFile(mapping: mapping, path: path)
    guard Manifest.Checksum(of: file.header) == checksum, file.names == tensors.map(\.name) else {
      throw .badFile(path: path, reason: "its header is not the one that was written")
    }
    for (tensor, view) in zip(tensors, file.tensors)
    where Manifest.Checksum(of: view.bytes) != tensor.checksum {
      throw .badTensor(path: path, tensor: tensor.name, reason: "its bytes changed since they were written")
    }
    return file
  }

  /// Reads a file without tensors.
  fileprivate func read(_ path: String) throws(CheckpointError) -> Data {
    let file = try open(path, atMost: Manifest.longestText)
    guard Manifest.Checksum(of: file.bytes) == checksum else {
      throw .badFile(path: path, reason: "its bytes changed since they were written")
    }
    return Data(file.bytes)
  }

  private func open(_ path: String, atMost limit: Int = .max) throws(CheckpointError) -> MappedFile {
    let file = try MappedFile(path: path, atMost: limit)
    guard file.bytes.count == size else {
      throw .badFile(path: path, reason: "it has \(file.bytes.count) bytes and was written with \(size)")
    }
    return file
  }
}

/// A state that can check its own numbers, so that a run can safely continue from it.
public protocol CheckedState {
  /// What is wrong with the state, such as values that no run could have saved; nil where nothing is.
  var fault: String? { get }
}
