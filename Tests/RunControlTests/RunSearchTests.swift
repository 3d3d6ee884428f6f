import Foundation
import Glibc
import Recipe
import Testing
import TestSupport

@testable import Drawing
@testable import RunControl

/// Runs that are found in folders.
@Suite struct RunSearchTests {
  @Test func `runs are found below a folder, and nothing else`() throws {
    let root = try temporaryFolder()
    defer { removeFolder(root) }
    try run("\(root)/runs/a")
    try run("\(root)/runs/b/run/nested-in-a-run")
    try run("\(root)/1/2/3/4/too-deep")
    try run("\(root)/.hidden")
    try write("{\"flour\": 500}", "\(root)/kitchen/recipe.json")
    try write("hello\n", "\(root)/theirs/log.txt")
    try write(RunTraces.journal(ending: 0), "\(root)/exec/run/journal.jsonl")
    try run("\(root)/exec/beside")
    symlink(root, "\(root)/loop")
    let search = RunSearch(below: root)
    #expect(!search.isCut)
    let found = search.folders.map { $0.output ?? $0.launcher ?? "" }.map { $0.dropFirst(root.count + 1) }
    #expect(Set(found) == ["runs/a", "runs/b/run/nested-in-a-run", "exec/run", "exec/beside"])
  }

  @Test func `a folder of ten thousand images and a forest of folders end the search soon`() throws {
    let root = try temporaryFolder()
    defer { removeFolder(root) }
    for number in 0..<(RunSearch.mostFolders + 10) { mkdir("\(root)/\(number)", 0o700) }
    #expect(RunSearch(below: root).isCut == false, "one folder's names are not all looked at")
    for number in 0..<40 {
      mkdir("\(root)/f\(number)", 0o700)
      for inner in 0..<60 { mkdir("\(root)/f\(number)/\(inner)", 0o700) }
    }
    let forest = try temporaryFolder()
    defer { removeFolder(forest) }
    for outer in 0..<50 { for inner in 0..<50 { try make("\(forest)/\(outer)/\(inner)") } }
    #expect(RunSearch(below: forest).isCut)
  }

  @Test func `a run is named by its folder, its launcher's folder, or its name once it has ended`() throws {
    let root = try temporaryFolder()
    defer { removeFolder(root) }
    try run("\(root)/out")
    try write(RunTraces.journal(ending: 0), "\(root)/out/run/journal.jsonl")
    let record = LaunchRecord(arguments: ["--nproc", "2"], output: "/moved/since", workers: 2)
    #expect(record.write(to: "\(root)/out/run") == nil)
    for name in ["\(root)/out", "\(root)/out/", "\(root)/out/run", "r1"] {
      let folder = try RunFolder.named(name, environment: ["XDG_RUNTIME_DIR": root], below: root)
      #expect(folder.identity == RunFolder("\(root)/out")?.identity, "\(name)")
      #expect(folder.history.ending == .done)
    }
    // Started again it has another name; and a run may have been put into the folder above it.
    try write(
      RunTraces.journal(ending: 0).replacing("r1", with: "r0") + RunTraces.journal(ending: 0),
      "\(root)/out/run/journal.jsonl")
    try run(root)
    for name in ["r0", "r1"] {
      let folder = try RunFolder.named(name, environment: ["XDG_RUNTIME_DIR": root], below: root)
      #expect(folder.identity == RunFolder("\(root)/out")?.identity, "\(name)")
    }
    let error = #expect(throws: LaunchError.self) {
      try RunFolder.named("r2", environment: ["XDG_RUNTIME_DIR": root], below: root)
    }
    #expect(error?.exitStatus == .missingInput)
  }

  @Test func `the folder of another host says who keeps what came of the run`() throws {
    let root = try temporaryFolder()
    defer { removeFolder(root) }
    let folder = "\(root)/out/run/host-1"
    try make(folder)
    HostNote(run: "r1", host: 1, first: "node0", output: "/runs/first").write(to: folder)
    for name in [folder, "\(root)/out"] {
      let error = #expect(throws: LaunchError.self) {
        try RunFolder.named(name, environment: ["XDG_RUNTIME_DIR": root], below: root)
      }
      #expect(error?.exitStatus == .missingInput)
      #expect(
        error?.description.hasSuffix(
          "is kept on host 0 (node0): twins-launch status /runs/first") == true,
        "\(String(describing: error))")
    }
    let search = RunSearch(below: root)
    #expect(search.folders.isEmpty && search.parts.map(\.folder) == [folder])
  }

  @Test func `a run's traces know the hosts that see its disk`() throws {
    let root = try temporaryFolder()
    defer { removeFolder(root) }
    try write(
      RunTraces.journal(ending: 75).replacing(#""workers":2"#, with: #""workers":2,"hosts":2"#),
      "\(root)/out/run/journal.jsonl")
    let record = LaunchRecord(arguments: ["--node-rank", "0"], output: "\(root)/out", workers: 2)
    #expect(record.write(to: "\(root)/out/run") == nil)
    let out = try #require(RunFolder("\(root)/out"))
    #expect(out.history.next.map(\.command) == ["the same command with --resume auto"])
    try make("\(root)/out/run/host-1")
    #expect(out.history.next.map(\.command) == ["twins-launch resume \(root)/out --node-rank N"])
  }

  @Test func `paths are noted without folders that may be gone when the run goes on`() throws {
    let root = try temporaryFolder()
    defer { removeFolder(root) }
    for folder in ["scratch", "data"] { try make("\(root)/\(folder)") }
    let record = LaunchRecord(
      arguments: ["--data-path=\(root)/scratch/../data", "--config", "c.json", "--lr", "1"],
      output: "\(root)/scratch/../out", workers: 1)
    #expect(record.arguments == ["--data-path=\(root)/data", "--config", "c.json", "--lr", "1"])
    #expect(record.output == "\(root)/out")
  }

  @Test func `a worker that holds the folder is alive, one that has gone is not`() throws {
    let root = try temporaryFolder()
    defer { removeFolder(root) }
    try run("\(root)/out")
    #expect(RunFolder("\(root)/out")?.history.ending == .untold)
    try write("pid \(getpid()), since today", "\(root)/out/run/lock")
    #expect(RunFolder("\(root)/out")?.history.ending == .untold)
    let lock = open("\(root)/out/run/lock", O_RDWR)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX) == 0)
    #expect(RunFolder("\(root)/out")?.history.ending == .running)
  }

  private func run(_ path: String) throws {
    try write(
      #"{"model": {"name": "alt_gvt_nano"}, "schedule": {"epochs": 3}}"#, "\(path)/recipe.json")
  }

  private func write(_ text: String, _ path: String) throws {
    let url = URL(filePath: path)
    try make(url.deletingLastPathComponent().path)
    try Data(text.utf8).write(to: url)
  }

  private func make(_ folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }
}
