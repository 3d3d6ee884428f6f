import System
import Testing

@testable import Torch

@Suite struct LibtorchShortageTests {
  @Test func `libtorch's words for want of memory are known`() {
    let message =
      "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
      + "allocate 4096 bytes. Error code 12 (Cannot allocate memory)"
    #expect(Shortage(libtorch: message, limits: Limits())?.thing == .memory)
    #expect(Shortage(libtorch: "std::bad_alloc", limits: Limits())?.thing == .memory)
    #expect(Shortage(libtorch: "shapes do not match", limits: Limits(addressSpace: 1 << 30)) == nil)
  }

  @Test func `a primitive that oneDNN cannot make is want of memory where address space is limited`() {
    let message = "could not create a primitive"
    #expect(Shortage(libtorch: message, limits: Limits(addressSpace: 1 << 30))?.isLimit == true)
    #expect(Shortage(libtorch: message, limits: Limits()) == nil)
  }
}
