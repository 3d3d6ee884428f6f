import Foundation
import Testing
import Torch

/// `Runtime.keepMemory()` changes the whole process and every thread counts, so each test has a process of its own.
@Suite struct KeepingAllocatorTests {
  @Test func `a tensor takes the smallest free range that holds it, cut to its size`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      let megabyte = 1 << 18  // floats
      var tensors = [4, 1, 2, 1].map { Tensor.empty([$0 * megabyte]) }  // a whole extent
      let (four, two) = (tensors[0].floats().baseAddress!, tensors[2].floats().baseAddress!)
      tensors = [tensors[1], tensors[3]]  // so two ranges are free, of 4 and of 2 MB
      let three = Tensor.empty([3 * megabyte])
      #expect(three.floats().baseAddress == four)
      #expect(address(ofFloats: 2 * megabyte) == two)
      #expect(address(ofFloats: megabyte) == four + 3 * megabyte, "of what is left the smallest")
      withExtendedLifetime((tensors, three)) {}
    }
  }

  @Test func `free neighbours serve a tensor as large as all of them`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      let megabyte = 1 << 18
      var tensors: [Tensor?] = (0..<8).map { _ in Tensor.empty([megabyte]) }  // a whole extent
      let start = tensors[0]!.floats().baseAddress!
      // In such an order that each meets free memory before it, behind it, on both sides or on none.
      for number in [3, 1, 2, 6, 7, 5, 0, 4] { tensors[number] = nil }
      #expect(address(ofFloats: 8 * megabyte) == start)
    }
  }

  @Test func `a block in use is not given out again`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      let tensors = (0..<4).map { _ in Tensor.zeros([1 << 18]) }
      for (i, tensor) in tensors.enumerated() { tensor.fill(Double(i)) }
      for (i, tensor) in tensors.enumerated() {
        #expect(tensor.elements(as: Float.self).allSatisfy { $0 == Float(i) })
      }
    }
  }

  @Test func `memory held stays within five quarters of the most in use`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      let megabyte = 1 << 20
      let before = residentBytes()
      // One tensor at a time, 8 MB to 80 MB, each too large for the one before it: 3.2 GB if all were kept.
      for size in 8...80 { Tensor.zeros([size * megabyte / 4]).fill(1) }
      let held = residentBytes() - before
      #expect(held >= 80 * megabyte, "nothing was kept")
      #expect(held <= 100 * megabyte + 4 * megabyte, "\(held / megabyte) MB are held, and 80 MB were in use")
    }
  }

  @Test func `a little memory is kept whatever sizes it is of`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      // One tensor at a time, 200 KB to 3.2 MB, each too large for the one before it: 27 MB together.
      let round = { for size in 1...16 { Tensor.empty([size * 50_000]).fill(1) } }
      round()
      let before = pageFaults()
      for _ in 0..<10 { round() }
      #expect(pageFaults() - before < 100, "a round fills 6,600 pages")
    }
  }

  @Test func `where address space is short, what is free goes back for what does not fit there`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      let megabyte = 1 << 18  // floats
      #expect(address(ofFloats: 32 * megabyte) != nil)
      let most = rlim_t(bytes(inColumn: 0) + (24 << 20))
      var limit = rlimit(rlim_cur: most, rlim_max: most)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let large = Tensor.empty([48 * megabyte]).floats()
      (large[0], large[48 * megabyte - 1]) = (1, 2)
      #expect(large[0] == 1)
    }
  }

  @Test func `small blocks come from malloc as ever`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      // 60 KB blocks, freed one by one and at once: none of them is counted, none may be lost.
      let before = residentBytes()
      for _ in 0..<20_000 { Tensor.empty([15_000]).fill(1) }
      #expect(residentBytes() - before < 8 << 20)
    }
  }

  @Test func `threads share it safely`() async {
    await #expect(processExitsWith: .success) {
      Runtime.keepMemory()
      let intact = await withTaskGroup(of: Bool.self) { group in
        for thread in 0..<4 { group.addTask { churn(seed: thread) } }
        return await group.reduce(true) { $0 && $1 }
      }
      #expect(intact)
    }
  }
}

/// Where a tensor of that many elements lay; it is gone on return.
private func address(ofFloats count: Int) -> UnsafeMutablePointer<Float>? {
  let tensor = Tensor.empty([count])
  return withExtendedLifetime(tensor) { tensor.floats().baseAddress }
}

/// Makes and drops tensors of many sizes, a few alive at a time; whether each kept its own content.
private func churn(seed: Int) -> Bool {
  var alive: [(tensor: Tensor, value: Float)] = []
  var intact = true
  for i in 0..<300 {
    let value = Float(seed * 1000 + i)
    let tensor = Tensor.empty([16 * 1024 + (i * 7919 + seed) % (64 * 1024)])
    tensor.fill(Double(value))
    alive.append((tensor, value))
    if alive.count > 4 {
      let (old, wanted) = alive.remove(at: i % 4)
      intact = intact && old.elements(as: Float.self).allSatisfy { $0 == wanted }
    }
  }
  return intact
}

/// Pages that the kernel has had to bring for this process so far.
private func pageFaults() -> Int {
  var usage = rusage()
  getrusage(RUSAGE_SELF.rawValue, &usage)
  return usage.ru_minflt
}

/// What this process occupies in memory now.
private func residentBytes() -> Int { bytes(inColumn: 1) }

/// A size of `/proc/self/statm`: 0 is the address space, 1 what of it is in memory.
private func bytes(inColumn column: Int) -> Int {
  let sizes = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
  return (sizes.flatMap { Int($0[column]) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
}
