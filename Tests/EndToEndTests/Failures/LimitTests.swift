import Foundation
import Testing

extension EndToEnd {
  /// Limits of the machine that a run cannot live with.
  @Suite struct LimitTests {
    let place: Workplace

    init() throws { place = try Workplace() }

    /// How a program ends that a shell starts under a limit.
    private func end(_ limit: String, _ program: String) throws -> ProgramRun.End {
      let arguments = place.training("out", "--batch-size", "2", "--no-eval").joined(separator: " ")
      return try ProgramRun(command: "ulimit \(limit); exec \(program) \(arguments)", in: place).finish()
    }

    @Test(arguments: [
      ("-n 8", "twins-worker"), ("-n 16", "twins-worker"), ("-n 8", "twins-launch --nproc 2"),
      ("-n 16", "twins-launch --nproc 2"), ("-n 40", "twins-launch --nproc 2"),
    ])
    func `too few descriptors are named before anything starts`(limit: String, program: String) throws {
      let end = try end(limit, program)
      #expect(end.status == Status.badConfiguration, "\(end.errors)")
      #expect(end.errors.contains("this process may have \(limit.dropFirst(3)) (ulimit -n)"), "\(end.errors)")
      #expect(!end.errors.contains("starting again"))
      #expect(place.leftovers.isEmpty)
    }

    @Test(arguments: ["twins-worker", "twins-launch --nproc 2"])
    func `too little address space is named, and not tried again`(program: String) throws {
      let end = try end("-v 900000", program)
      #expect(end.status == Status.badConfiguration, "\(end.errors)")
      #expect(end.errors.contains("878 MiB of address space (ulimit -v)"), "\(end.errors)")
      #expect(!end.errors.contains("starting again"))
    }

    @Test func `where the libraries do not fit, the loader says so once`() throws {
      let end = try end("-v 300000", "twins-launch --nproc 2")
      #expect(end.status == Status.badConfiguration, "\(end.errors)")
      #expect(end.errors.contains("error while loading shared libraries"), "\(end.errors)")
      #expect(!end.errors.contains("starting again"))
      #expect(!FileManager.default.fileExists(atPath: place.output("out")))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can become a user who has no other threads"))
    func `too few threads are named, and not tried again`() throws {
      // The programs are read where the tests were built, which must be open to all: else the shell says so, with 126.
      let folder = place.folder
      chmod(folder, 0o777)
      chmod(place.temporary, 0o777)
      let arguments = place.training("out", "--batch-size", "2", "--no-eval").joined(separator: " ")
      let user = "setpriv --reuid=54321 --regid=54321 --clear-groups bash -c"
      for (program, threads) in [("twins-worker", 3), ("twins-worker", 10), ("twins-launch --nproc 2", 10)] {
        let end = try ProgramRun(
          command: "exec \(user) 'ulimit -u \(threads); exec \(program) \(arguments)'", in: place
        ).finish()
        if end.status == 126 { continue }
        #expect(end.status == Status.badConfiguration, "\(program): \(end.errors)")
        #expect(end.errors.contains("this user may have \(threads) (ulimit -u)"), "\(end.errors)")
        #expect(!end.errors.contains("starting again"))
      }
    }
  }
}
