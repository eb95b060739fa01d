package wfdb

import (
	"errors"
	"fmt"
)

// What can be wrong with a record, to be found with errors.Is. A file that is not there is fs.ErrNotExist.
var (
	// ErrHeader: the header does not follow the specification.
	ErrHeader = errors.New("malformed header")
	// ErrOutside: the header names a file outside its own folder.
	ErrOutside = errors.New("file outside the folder of the record")
	// ErrTruncated: a file has fewer samples than the header says.
	ErrTruncated = errors.New("truncated")
	// ErrChecksum: the samples are not those that the header was written for.
	ErrChecksum = errors.New("wrong checksum")
	// ErrUnsupported: the record is in a format that this package does not read.
	ErrUnsupported = errors.New("unsupported format")
	// ErrTooLarge: the record has more samples than MaxSamples.
	ErrTooLarge = errors.New("too large")
	// ErrFLAC: a compressed file cannot be decoded.
	ErrFLAC = errors.New("malformed FLAC")
)

// Error is what is wrong with one file of a record.
type Error struct {
	// File is relative to the folder of the record; empty for a header from ParseHeader.
	File string
	// Line counts from 1; 0: the error is about the whole file.
	Line int
	// Detail says more than Err, or is empty.
	Detail string
	// Err is one of the errors of this package or what the file system said.
	Err error
}

// Error is file, line, kind and detail in one line.
func (e *Error) Error() string {
	s := e.Err.Error()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Line > 0 {
		s = fmt.Sprintf("line %d: %s", e.Line, s)
	}
	if e.File != "" {
		s = e.File + ": " + s
	}
	return s
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func failure(kind error, file, format string, args ...any) *Error {
	return &Error{File: file, Detail: fmt.Sprintf(format, args...), Err: kind}
}
