// Package sdk is what the author of a modality plugin imports: the Modality
// interface and the server around it.
//
// A plugin turns what one modality recorded of a sample (rows of measurements, notes,
// images) into a sequence of vectors over time. It never sees labels, other
// modalities, or anything after the prediction time. A whole plugin is a type with
// three methods and a main:
//
//	func main() { sdk.Serve(&heartRate{}) }
//
// The example of Modality shows the rest. Serve takes care of the protocol, the
// process's life, logging, panics, and of checking what the modality returns.
package sdk
