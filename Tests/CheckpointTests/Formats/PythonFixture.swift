import Foundation

/// A file of the Python package safetensors 0.8.0, every type in it:
///
///     import torch; from safetensors.torch import save_file
///     save_file({
///       "b.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3) / 4,
///       "a.bias": torch.tensor([1.5, -2.0], dtype=torch.float16), "count": torch.tensor(7),
///       "mask": torch.tensor([True, False, True]), "bytes": torch.tensor([1, 2, 255], dtype=torch.uint8),
///       "d": torch.tensor([3.25], dtype=torch.float64), "i": torch.tensor([[-1, 2]], dtype=torch.int32),
///       "h": torch.tensor([0.5, 8], dtype=torch.bfloat16), "empty": torch.zeros(0, 4),
///     }, "python.safetensors", metadata={"format": "pt", "epoch": "7"})
let pythonFixture =
  Data(
    base64Encoded: """
      QAIAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCIsImVwb2NoIjoiNyJ9LCJjb3VudCI6eyJkdHlwZSI6Ikk2
      NCIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMCw4XX0sImQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzFdLCJkYXRh
      X29mZnNldHMiOls4LDE2XX0sImIud2VpZ2h0Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDNdLCJkYXRhX29mZnNldHMi
      OlsxNiw0MF19LCJlbXB0eSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCw0XSwiZGF0YV9vZmZzZXRzIjpbNDAsNDBdfSwi
      aSI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbMSwyXSwiZGF0YV9vZmZzZXRzIjpbNDAsNDhdfSwiaCI6eyJkdHlwZSI6IkJG
      MTYiLCJzaGFwZSI6WzJdLCJkYXRhX29mZnNldHMiOls0OCw1Ml19LCJhLmJpYXMiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6
      WzJdLCJkYXRhX29mZnNldHMiOls1Miw1Nl19LCJieXRlcyI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZz
      ZXRzIjpbNTYsNTldfSwibWFzayI6eyJkdHlwZSI6IkJPT0wiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOls1OSw2Ml19
      fSAgICAgICAHAAAAAAAAAAAAAAAAAApAAAAAAAAAgD4AAAA/AABAPwAAgD8AAKA//////wIAAAAAPwBBAD4AwAEC/wEAAQ==
      """, options: .ignoreUnknownCharacters) ?? Data()
