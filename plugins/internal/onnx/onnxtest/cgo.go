//go:build cgo

package onnxtest

const cgo = true
