import Glibc
import System
import Testing

@Suite struct DescriptorTests {
  @Test func `the owner closes`() {
    let number = ownedForAMoment()
    #expect(number >= 0)
    // Other tests open files meanwhile: the number may be in use again, and then for another file.
    var status = stat()
    #expect(fstat(number, &status) != 0 || status.st_rdev != Self.null)
    if Descriptor(-1) != nil { Issue.record("a failed call gives no descriptor") }
  }

  @Test func `a failure tells how far it came`() {
    var ends: [CInt] = [-1, -1]
    #expect(pipe(&ends) == 0)
    let reading = Descriptor(owning: ends[0])
    let writing = Descriptor(owning: ends[1])
    _ = fcntl(writing.number, F_SETFL, O_NONBLOCK)
    let bytes = [UInt8](repeating: 1, count: 1 << 22)
    let (count, failure) = bytes.withUnsafeBytes { writeAll($0, to: writing.number) }
    #expect(failure == EAGAIN)
    #expect((1..<bytes.count).contains(count))
    var byte: UInt8 = 0
    #expect(read(reading.number, &byte, 1) == 1)
  }

  @Test func `nothing is written at once`() {
    #expect([UInt8]().withUnsafeBytes { writeAll($0, to: -1) } == (0, nil))
    #expect([UInt8](repeating: 1, count: 9).withUnsafeBytes { writeAll($0, to: -1) } == (0, EBADF))
  }

  private static let null: dev_t = {
    var status = stat()
    stat("/dev/zero", &status)
    return status.st_rdev
  }()

  private func ownedForAMoment() -> CInt {
    guard let file = Descriptor(open("/dev/zero", O_RDONLY | O_CLOEXEC)) else { return -1 }
    return file.number
  }
}
