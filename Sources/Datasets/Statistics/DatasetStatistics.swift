import System
public import SystemPackage

/// Statistics of a data set's images: sizes, classes, brightness, colours and duplicates.
public struct DatasetStatistics: Codable, Equatable, Sendable {
  /// One split's statistics.
  public struct Split: Codable, Equatable, Sendable {
    /// "train" or "val"; empty for a folder of classes that is not split.
    public var name: String
    /// The number of usable images.
    public var images: Int
    /// The number of usable images of each class, in the order of labels.
    public var classes: [DatasetReport.ClassCount]
    /// The size of the largest class relative to the smallest; nil if a class has no images.
    public var imbalance: Double?
    /// Image widths, in pixels.
    public var width: Quartiles?
    /// Image heights, in pixels.
    public var height: Quartiles?
    /// Widths divided by heights.
    public var aspect: Quartiles?
    /// Each image's mean brightness, from 0 to 1 (ITU-R BT.601).
    public var brightness: Quartiles?
    /// Mean of red, green and blue, from 0 to 1, with equal weight for each image.
    public var mean: [Double]?
    /// Standard deviation of red, green and blue.
    public var standardDeviation: [Double]?
  }

  /// The data set's folder, masked.
  public var folder: String
  /// Its splits.
  public var splits: [Split]
  /// Sets of images with the same bytes.
  public var duplicates: [DuplicateSet]
  /// Images in val/ that look like one in train/ but have other bytes.
  public var nearDuplicates: [NearDuplicate]
  /// The number of images with too little contrast to be compared.
  public var plainImages: Int
  /// The errors of images that cannot be used.
  public var problems: [String]

  /// Measures all images in `folder`, or in a pack, on `threads` threads; throws for a folder without classes
  /// or images.
  public init(measuring folder: FilePath, threads: Int) throws(DataError) {
    try Directory.require(folder, orThrow: .noSuchFolder(folder))
    let measured = try Self.splits(in: folder).map { split in
      MeasuredSplit(split.name, split.images, threads: threads)
    }
    self.folder = folder.masked
    splits = measured.map(\.statistics)
    problems = measured.flatMap(\.problems)
    plainImages = measured.flatMap(\.measurements).count { !$0.finding.hash.isTelling }
    duplicates = DuplicateSet.all(in: measured)
    nearDuplicates =
      measured.count == 2
      ? NearDuplicate.all(of: measured[1], in: measured[0], but: duplicates, threads: threads) : []
  }

  // A folder of classes that is not split counts as a single split.
  private static func splits(in folder: FilePath) throws(DataError) -> [(name: String, images: ImageFolder)] {
    guard case .splits(let names) = try FolderLayout(of: folder) else {
      return [("", try ImageFolder(folder))]
    }
    return try names.map { name throws(DataError) in (name, try ImageFolder(folder.appending(name))) }
  }
}

/// A split with the measurements of its images.
struct MeasuredSplit {
  let name: String
  let images: ImageFolder
  /// Of the usable images, in their order.
  let measurements: [(index: Int, finding: ImageMeasurement)]
  let problems: [String]

  init(_ name: String, _ images: ImageFolder, threads: Int) {
    (self.name, self.images) = (name, images)
    let sweep = ImageSweep(images: images) { index, file, memory throws(DataError) in
      let bytes = try images.contents(of: index, in: file)
      return try ImageMeasurement(EncodedImage(bytes, of: index, in: images, file.decoders), in: memory)
    }
    let findings = sweep.findings(threads: threads)
    measurements = findings.found
    problems = findings.failures.map(\.error.description)
  }

  var statistics: DatasetStatistics.Split {
    let all = measurements.map(\.finding)
    var counts = images.classes.map { _ in 0 }
    for (index, _) in measurements { counts[images.label(at: index)] += 1 }
    let fewest = counts.min() ?? 0
    let colors = Self.colors(all)
    return DatasetStatistics.Split(
      name: name, images: all.count,
      classes: zip(images.classes, counts).map { DatasetReport.ClassCount(name: $0, images: $1) },
      imbalance: fewest > 0 ? Double(counts.max() ?? 0) / Double(fewest) : nil,
      width: Quartiles(all.map { Double($0.width) }), height: Quartiles(all.map { Double($0.height) }),
      aspect: Quartiles(all.map { Double($0.width) / Double($0.height) }),
      brightness: Quartiles(all.map(\.brightness)), mean: colors?.mean, standardDeviation: colors?.deviation)
  }

  /// Summed in the order of the images, so that the digits do not depend on the number of threads.
  private static func colors(_ all: [ImageMeasurement]) -> (mean: [Double], deviation: [Double])? {
    guard !all.isEmpty else { return nil }
    let mean = all.reduce(SIMD3<Double>()) { $0 + $1.mean } / Double(all.count)
    let square = all.reduce(SIMD3<Double>()) { $0 + $1.meanSquare } / Double(all.count)
    let variance = (square - mean * mean).clamped(lowerBound: SIMD3(), upperBound: SIMD3(repeating: 1))
    return ((0..<3).map { mean[$0] }, (0..<3).map { variance[$0].squareRoot() })
  }

  /// The path of an image below the data set's folder, masked.
  func shown(_ index: Int) -> String {
    let path = images.classes[images.label(at: index)].bytes + [UInt8(ascii: "/")] + images.name(of: index)
    return (name.isEmpty ? "" : "\(name)/") + masked(path)
  }
}
