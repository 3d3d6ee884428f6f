import TestSupport
import Testing

@Suite struct RuleTests {
  // The values that `rule.CHECKS` in scripts/goldens/rule.py holds for the other side.
  @Test func `weights by rule are the same numbers as in Python`() {
    #expect(Rule.uniform("input", 1)[0] == -0.80436337)
    #expect(Rule.weights("norm.weight", [512])[7] == 0.95215297)
    #expect(Rule.weights("blocks.0.0.attn.qkv.bias", [192])[100] == 0.095113955)
    #expect(Rule.weights("head.weight", [1000, 512])[123456] == -0.035683487)
  }
}
