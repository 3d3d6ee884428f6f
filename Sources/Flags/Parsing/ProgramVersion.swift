/// The version of both programs; only programs of the same build work together.
package let programVersion = "0.1.0"
