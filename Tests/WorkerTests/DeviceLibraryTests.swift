import Testing

@testable import Worker

@Suite struct DeviceLibraryTests {
  @Test(arguments: [
    (
      "libhccl.so: cannot open shared object file: No such file or directory",
      "it needs libhccl.so, which is one of CANN's libraries and is not found: source /usr/local/Ascend"
    ),
    ("libascendcl.so: cannot open shared object file: No such file or directory", "set_env.sh"),
    (
      "libother.so.1: cannot open shared object file: No such file or directory",
      "it needs libother.so.1, which is not found"
    ),
    (
      "libtorch_python.so: cannot open shared object file: No such file or directory",
      "it needs Python (libtorch_python.so)"
    ),
    ("/l/x.so: undefined symbol: PyGILState_Ensure", "it needs Python (PyGILState_Ensure)"),
    ("/l/x.so: undefined symbol: _Py_NoneStruct", "it needs Python (_Py_NoneStruct)"),
    (
      "/l/x.so: undefined symbol: _ZN3c1019NotImplementedErrorC1Ev", "it was built for another libtorch than "
    ),
    (
      "/l/x.so: undefined symbol: _ZNK2at6Tensor3addEv",
      "has no _ZNK2at6Tensor3addEv): build it for that release"
    ),
    ("/l/x.so: undefined symbol: something", "it cannot be opened: /l/x.so: undefined symbol: something"),
    ("/l/x.so: invalid ELF header", "it cannot be opened: /l/x.so: invalid ELF header"),
  ])
  func `what keeps a library from opening is told apart`(words: String, sentence: String) {
    #expect(DeviceLibrary.fault(words).contains(sentence))
  }
}
