import Testing

@testable import WorkerLink

@Suite struct MachineLineTests {
  @Test func `the line is found again among what a worker prints`() {
    let line = MachineLine.text(
      processor: "Some CPU @ 2 GHz", count: 2, libtorch: "2.13.0", kernels: "AVX2", device: "cpu")
    let content = "2 processors (Some CPU @ 2 GHz), computing on cpu; libtorch 2.13.0, kernels for AVX2"
    #expect(line == "Machine: \(content)")
    #expect(MachineLine.content(in: "Recipe: x\n\(line)\nNothing was written\n") == content)
    #expect(MachineLine.content(in: "Recipe: Machine: x\n") == nil)
    let bare = MachineLine.text(processor: nil, count: 1, libtorch: "2", kernels: nil, device: "cuda:0")
    let same = MachineLine.text(
      processor: nil, count: 1, libtorch: "2", kernels: nil, device: "cuda:0", isDeterministic: true)
    #expect(same.contains("computing on cuda:0, deterministically; "))
    #expect(bare == "Machine: 1 processor, computing on cuda:0; libtorch 2, no kernels of ours")
  }
}
