/// The version of both programs; those of one build understand each other.
package let programVersion = "0.1.0"
