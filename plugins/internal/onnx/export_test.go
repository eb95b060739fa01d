package onnx

// ExternalFiles is for the fuzz test.
var ExternalFiles = externalFiles
