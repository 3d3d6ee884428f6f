import Glibc
import System
import SystemPackage

/// The classes of ILSVRC2012's validation images, which their archive does not contain.
struct ValidationClasses: Equatable {
  /// Each image's synset, by the image's number from 1.
  private(set) var synsets: [Int: String] = [:]

  /// The synset of the image `ILSVRC2012_val_NUMBER.JPEG`; nil if the list has none.
  func synset(of name: some Collection<UInt8>) -> String? {
    Self.number(String(decoding: name, as: UTF8.self)[...]).flatMap { synsets[$0] }
  }

  /// Reads the devkit's list of class numbers, whose synsets are in its table.
  init(groundTruth: [UInt8], _ table: [UInt8], path: FilePath) throws(DataError) {
    let rows: [[String: MatFile.Value]]
    do throws(MatFile.Malformed) { rows = try MatFile(table, fields: ["ILSVRC2012_ID", "WNID"]).rows } catch {
      throw .malformedList(path: path, line: nil, reason: "its meta.mat: \(error.reason)")
    }
    var names: [Int: String] = [:]
    for row in rows {
      if case .number(let number) = row["ILSVRC2012_ID"], case .text(let name) = row["WNID"],
        let number = Int(exactly: number)
      {
        names[number] = name
      }
    }
    for (line, text) in Self.lines(groundTruth) {
      guard let number = Int(text), let name = names[number] else {
        throw .malformedList(
          path: path, line: line, reason: "\(masked(text)) is not the number of a synset of its meta.mat")
      }
      synsets[line] = name
    }
  }

  /// Reads a list with a synset per line, for the image that the line names, or whose number is the line's.
  init(list: [UInt8], path: FilePath) throws(DataError) {
    // A first line that names columns instead of an image.
    var heading: Int?
    for (line, text) in Self.lines(list) {
      let words = text.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }
      guard let synset = words.first(where: Self.isSynset) else {
        guard synsets.isEmpty, heading == nil else { throw Self.lacksSynset(path, line) }
        heading = line
        continue
      }
      let named = words.lazy.compactMap(Self.number).first
      // If images are numbered by line, it is unclear whether the heading counts.
      if let heading, named == nil { throw Self.lacksSynset(path, heading) }
      synsets[named ?? line] = String(synset)
    }
    if let heading, synsets.isEmpty { throw Self.lacksSynset(path, heading) }
  }

  private static func lacksSynset(_ path: FilePath, _ line: Int) -> DataError {
    .malformedList(path: path, line: line, reason: "it has no synset (n01440764)")
  }

  /// The lines that are not blank, with their numbers in the file.
  private static func lines(_ bytes: [UInt8]) -> [(number: Int, text: Substring)] {
    String(decoding: bytes, as: UTF8.self).split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    )
    .enumerated().map { ($0 + 1, $1) }.filter { _, text in !text.allSatisfy(\.isWhitespace) }
  }

  static func isSynset(_ word: some StringProtocol) -> Bool {
    word.count == 9 && word.first == "n" && word.dropFirst().allSatisfy(\.isNumber)
  }

  // The number in `ILSVRC2012_val_00000001`, whatever follows.
  private static func number(_ word: Substring) -> Int? {
    guard word.hasPrefix("ILSVRC2012_val_") else { return nil }
    return Int(word.dropFirst("ILSVRC2012_val_".count).prefix { $0.isNumber })
  }
}

extension ValidationClasses {
  private static let (truth, table) = ("ILSVRC2012_validation_ground_truth.txt", "meta.mat")
  private static let mostBytes = 1 << 28

  /// Reads `path`: a list, the devkit as an archive, or a folder with either.
  init(at path: FilePath) throws(DataError) {
    if Folders.isFolder(path) {
      guard let found = try ValidationClasses(in: path) else {
        throw .notImportable(path: path, reason: "it has neither the devkit's lists nor its archive")
      }
      self = found
    } else if path.lastComponent?.string.contains(".tar") ?? false || path.extension == "tgz" {
      try self.init(archive: path)
    } else {
      try self.init(list: ArchiveStream(path).rest(most: Self.mostBytes), path: path)
    }
  }

  /// Looks in a folder for the devkit or a commonly used list; nil if neither exists.
  init?(in folder: FilePath) throws(DataError) {
    func isThere(_ path: FilePath) -> Bool { access(path.string, R_OK) == 0 }
    for place in ["", "data", "ILSVRC2012_devkit_t12/data"] {
      let data = place.isEmpty ? folder : folder.appending(place)
      guard isThere(data.appending(Self.truth)), isThere(data.appending(Self.table)) else { continue }
      try self.init(
        groundTruth: ArchiveStream(data.appending(Self.truth)).rest(most: Self.mostBytes),
        ArchiveStream(data.appending(Self.table)).rest(most: Self.mostBytes), path: data.appending(Self.truth)
      )
      return
    }
    for name in ["ILSVRC2012_devkit_t12.tar.gz", "ILSVRC2012_devkit_t12.tar"]
    where isThere(folder.appending(name)) {
      try self.init(archive: folder.appending(name))
      return
    }
    for name in ["LOC_val_solution.csv", "imagenet_2012_validation_synset_labels.txt"]
    where isThere(folder.appending(name)) {
      let path = folder.appending(name)
      try self.init(list: ArchiveStream(path).rest(most: Self.mostBytes), path: path)
      return
    }
    return nil
  }

  private init(archive path: FilePath) throws(DataError) {
    var files = TarReader(try ArchiveStream(checking: path))
    var found: [String: [UInt8]] = [:]
    while let member = try files.next() {
      let name = String(decoding: member.lastName, as: UTF8.self)
      if name == Self.truth || name == Self.table { found[name] = try files.contents(of: member) }
    }
    guard let truth = found[Self.truth], let table = found[Self.table] else {
      throw .notImportable(path: path, reason: "it lacks \(Self.truth) or \(Self.table)")
    }
    try self.init(groundTruth: truth, table, path: path)
  }
}
