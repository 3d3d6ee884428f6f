import Foundation
import Testing

extension EndToEnd {
  /// Storage that fails now and then.
  @Suite struct WeatherTests {
    // One read in so many fails; in a soak as seldom as storage that somebody would still use.
    private static let isSoak = ProcessInfo.processInfo.environment["TWINS_SOAK"] != nil
    private static let reads = isSoak ? 1000 : 20
    private static let epochs = isSoak ? 100 : 3

    let place: Workplace

    init() throws { place = try Workplace() }

    @Test func `a training whose reads fail now and then ends with the weights of one whose reads do not`()
      throws
    {
      let calm = try train("calm", [:])
      let stormy = try train(
        "stormy", ["LD_PRELOAD": try failingReads(), "TWINS_TEST_READS": "\(Self.reads)"])
      #expect(calm.errors == 0)
      #expect(stormy.errors >= 5)
      for name in ["last.safetensors", "best.safetensors", "log.txt"] {
        #expect(try stormy.files.bytes(name) == calm.files.bytes(name), "\(name) differs")
      }
      #expect(try stormy.files.steps() == calm.files.steps())
    }

    // The files of a training, and how many reads failed.
    private func train(_ name: String, _ variables: [String: String]) throws -> (files: RunFiles, errors: Int)
    {
      let tally = "\(place.folder)/\(name).failures"
      let run = try ProgramRun(
        .launcher,
        ["--nproc", "2", "--max-restarts", "0"] + place.training(name, "--epochs", "\(Self.epochs)"),
        in: place,
        variables: variables.merging(["TWINS_TEST_FAILURES": tally]) { $1 })
      let end = try run.finish()
      try #require(end.status == Status.done, "\(end.errors)")
      let failures = FileManager.default.contents(atPath: tally)?.count ?? 0
      return (RunFiles(folder: place.output(name)), failures)
    }

    // A library whose `read` fails with ESTALE for one image's read in so many, and adds a byte to a file then.
    private func failingReads() throws -> String {
      let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdatomic.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        static atomic_long reads;

        static int is_image(int file) {
          char link[64], path[4096];
          snprintf(link, sizeof link, "/proc/self/fd/%d", file);
          ssize_t length = readlink(link, path, sizeof path);
          return length > 4 && memcmp(path + length - 4, ".png", 4) == 0;
        }

        ssize_t read(int file, void *bytes, size_t count) {
          static ssize_t (*real)(int, void *, size_t);
          if (!real) real = (ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read");
          if (!is_image(file)) return real(file, bytes, count);
          if (++reads % atol(getenv("TWINS_TEST_READS"))) return real(file, bytes, count);
          int tally = open(getenv("TWINS_TEST_FAILURES"), O_WRONLY | O_CREAT | O_APPEND, 0600);
          if (write(tally, "x", 1) != 1) abort();
          close(tally);
          errno = ESTALE;
          return -1;
        }
        """
      let (file, library) = ("\(place.folder)/reads.c", "\(place.folder)/reads.so")
      try source.write(toFile: file, atomically: false, encoding: .utf8)
      let compiler = try Process.run(
        URL(fileURLWithPath: "/usr/bin/env"),
        arguments: ["cc", "-shared", "-fPIC", "-O1", file, "-o", library])
      compiler.waitUntilExit()
      try #require(compiler.terminationStatus == 0)
      return library
    }
  }
}
