import Flags
import Testing

@testable import Launcher

@Suite struct LoaderFaultTests {
  @Test(arguments: [
    (
      "/b/twins-worker: symbol lookup error: /b/twins-worker: undefined symbol: _ZN3c1019NotImplementedErrorC1Ev",
      "built with another libtorch"
    ),
    (
      "twins-worker: symbol lookup error: /l/libtorch_cpu.so: undefined symbol: FLAGS_x",
      "built with another libtorch"
    ),
    (
      "twins-worker: error while loading shared libraries: libtorch_cpu.so: cannot open shared object file: "
        + "No such file or directory", "make setup finds or fetches one"
    ),
  ])
  func `a libtorch that is another, or none, is named with what to do`(line: String, words: String) throws {
    let fault = try #require(LoaderFault("first\n\(line)\n"))
    #expect(fault.description.contains(line) && fault.description.contains(words))
  }

  @Test(arguments: [
    "twins-worker: error while loading shared libraries: libtorch_cpu.so: failed to map segment from shared object",
    "twins-worker: error while loading shared libraries: libzmq.so.5: cannot open shared object file: No such file",
    "twins-worker: symbol lookup error: undefined symbol: zmq_poll", "sh: nonsense: not found", "",
  ])
  func `what else a loader says is left as it is`(line: String) {
    #expect(LoaderFault(line) == nil)
  }
}

@Suite struct WorkerCardsTests {
  @Test func `workers that compute on the CPU have no cards`() {
    let cards = WorkerCards(for: .cpu, library: "x.so", environment: [:])
    #expect(cards.count == 0)
    #expect(cards.ofDrivers == nil)
  }

  @Test(arguments: [(DeviceChoice?.none, 1), (.cuda, 1), (.npu, 0), (.cpu, 0)])
  func `a variable that names no card is said where it would choose`(choice: DeviceChoice?, count: Int) {
    let cards = WorkerCards(for: choice, environment: ["CUDA_VISIBLE_DEVICES": "garbage"])
    #expect(cards.faults.count == count)
  }
}
