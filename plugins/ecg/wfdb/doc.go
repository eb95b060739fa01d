// Package wfdb reads records in the format of the WaveForm DataBase, in which PhysioNet keeps its
// electrocardiograms and other signals.
//
// A record is a header, a text file with the ending .hea, and the files of samples that it names:
//
//	r, err := wfdb.Read("records/00001_hr")
//	...
//	for i, s := range r.Signals {
//		fmt.Println(s.Name, s.Units, r.Rate(i), r.Physical(i))
//	}
//
// It reads the formats 8, 16, 24, 32, 61, 80, 160, 212, 310, 311 and, compressed with FLAC, 508, 516 and
// 524; several samples per frame; skewed signals; and records of several segments with a fixed or a
// variable layout. Checksums are verified. The values are those of the Python package wfdb.
//
// Files are not trusted. A header names files within its own folder only, and nothing is allocated that
// the size of a file, or MaxSamples, does not allow. Errors are of type *Error and say which file is wrong.
//
// The format is specified in the WFDB Applications Guide, header(5) and signal(5):
// https://physionet.org/physiotools/wag/header-5.htm and https://physionet.org/physiotools/wag/signal-5.htm
package wfdb
