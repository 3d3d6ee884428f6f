import System
import SystemPackage

/// ILSVRC2012 as published: a tar file with one tar file per class, a tar file of all validation images, and
/// the devkit.
struct ImageNetArchives: ImportSource {
  static let (trainingName, validationName) = ("ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar")

  private let training: FilePath?
  private let validation: (archive: FilePath, classes: ValidationClasses)?

  /// Nil if neither is given; throws if the classes of the validation images cannot be found.
  init?(training: FilePath?, validation: FilePath?, _ hints: ImportHints) throws(DataError) {
    guard let any = validation ?? training else { return nil }
    self.training = training
    guard let validation else {
      self.validation = nil
      return
    }
    let found =
      if let labels = hints.labels { try ValidationClasses(at: labels) } else {
        try ValidationClasses(in: any.removingLastComponent())
      }
    guard let found else { throw .noLabels(archive: validation) }
    self.validation = (validation, found)
  }

  var name: String { "ILSVRC2012" }

  var heeded: Set<ImportHints.Kind> { validation == nil ? [] : [.labels] }

  var whole: WholeSet? {
    WholeSet(
      training: training.map { _ in (1_281_167, 1000) }, validation: validation.map { _ in (50_000, 1000) })
  }

  func write(to target: inout some ImportTarget, _ say: (String) -> Void) throws(DataError) {
    if let training { try write(training, to: &target, say) }
    if let validation { try write(validation.archive, validation.classes, to: &target, say) }
  }

  private func write(
    _ archive: FilePath, to target: inout some ImportTarget, _ say: (String) -> Void
  ) throws(DataError) {
    let stream = try ArchiveStream(checking: archive, say)
    var classes = TarReader(stream)
    while let member = try classes.next() {
      let synset = member.lastName.dropLast(4)
      guard member.lastName.suffix(4).elementsEqual(".tar".utf8) else { continue }
      var images = TarReader(member, in: stream)
      let before = target.tally.training.images
      while let image = try images.next() {
        guard ImageFolder.isImage(image.lastName) else { continue }
        let place = ImportPlace(
          isHeldOut: false, className: ClassName(bytes: Array(synset)), name: image.lastName)
        try target.add(place, images.part(of: image)) { () throws(DataError) in try images.contents(of: image)
        }
      }
      say("train: \(masked(synset)), \(counted(target.tally.training.images - before, "image"))")
    }
  }

  private func write(
    _ archive: FilePath, _ classes: ValidationClasses, to target: inout some ImportTarget,
    _ say: (String) -> Void
  ) throws(DataError) {
    var images = TarReader(try ArchiveStream(checking: archive, say))
    while let image = try images.next() {
      guard ImageFolder.isImage(image.lastName) else { continue }
      guard let synset = classes.synset(of: image.lastName) else {
        throw .unusableMember(
          path: archive, offset: image.offset,
          reason: "the class of \(masked(image.name)) is not in the labels")
      }
      let place = ImportPlace(
        isHeldOut: true, className: ClassName(bytes: Array(synset.utf8)), name: image.lastName)
      try target.add(place, images.part(of: image)) { () throws(DataError) in try images.contents(of: image) }
      let count = target.tally.validation.images
      if count.isMultiple(of: 10_000) { say("val: \(count) images") }
    }
  }
}
