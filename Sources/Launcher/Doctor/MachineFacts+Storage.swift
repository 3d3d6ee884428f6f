import Drawing
import System

/// Findings about the disk to which a run is to write.
extension MachineFacts {
  var storage: [Finding?] { disk.map { $0.findings } ?? [] }
}

extension DiskFacts {
  fileprivate var findings: [Diagnosis.Finding?] {
    [closed, full, withoutFiles, slow, withoutLocks, withAnotherClock]
  }

  private var name: String { masked(folder) }

  private var closed: Diagnosis.Finding? {
    obstacle.map { obstacle in
      Diagnosis.Finding(
        .fails, "nothing can be written to \(name)", why: obstacle,
        mend: "another --output-dir, which this user may write to")
    }
  }

  /// The room that alt_gvt_small needs: two checkpoints of 290 MB, one being written, and two weight files of
  /// 96 MB.
  private static let leastRoom = 1 << 30

  private var full: Diagnosis.Finding? {
    guard let space, space.free < Self.leastRoom else { return nil }
    return Diagnosis.Finding(
      .fails, "the disk of \(name) is nearly full",
      why:
        "\(size(space.free)) are free, and a run of alt_gvt_small keeps checkpoints and weights of \(size(Self.leastRoom))",
      mend: "another --output-dir, or make room: du -xh --max-depth 2 \(name) | sort -h | tail")
  }

  private var withoutFiles: Diagnosis.Finding? {
    guard space?.files == 0 else { return nil }
    return Diagnosis.Finding(
      .fails, "the disk of \(name) has no room for another file", why: "its inodes are used up",
      mend: "df -i \(name) says so too: remove small files, or choose another --output-dir")
  }

  private var slow: Diagnosis.Finding? {
    guard let seconds = syncSeconds, seconds > 0.2 else { return nil }
    return Diagnosis.Finding(
      .slow, "\(name) is slow to keep what is written",
      why:
        "an fsync takes \(decimal(seconds * 1000, 0)) ms, and a checkpoint needs about ten; a run waits for its last one",
      mend: "an --output-dir on a local disk")
  }

  private var withoutLocks: Diagnosis.Finding? {
    guard hasLocks == false else { return nil }
    return Diagnosis.Finding(
      .note, "\(name) has no locks", why: "two runs in one folder would not hear of each other",
      mend: "an --output-dir of its own for each run")
  }

  private var withAnotherClock: Diagnosis.Finding? {
    guard let lead = clockLead, lead.magnitude > 2 else { return nil }
    return Diagnosis.Finding(
      .note, "the clock of \(name) is another one",
      why: "it is \(decimal(lead.magnitude, 0)) s \(lead > 0 ? "ahead of" : "behind") this machine's",
      mend: "chronyc tracking, here and on the file server")
  }
}
