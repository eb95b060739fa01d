// Package spill sorts measurements that do not fit into memory: they come in any order,
// wait on disk in partitions by sample, and go back sample by sample in order of time.
//
//	s, err := spill.Create(dir, samples)
//	err = s.Add(spill.Measurement{Sample: 7, Second: 1800, Channel: 2, Value: 36.6})
//	err = s.Rows(ctx, func(sample int, second int32, channels []uint16, values []float32) error { ... })
package spill

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Measurement is one number that was measured.
type Measurement struct {
	Sample  int32
	Second  int32 // since the sample began
	Channel uint16
	Value   float32
}

// recordSize is that of a measurement on disk.
const recordSize = 14

// There are 64 partitions: of the 80 million measurements that whole stays of all of
// MIMIC-IV have, each holds a million, which sort in some 30 MB. bufferSize for each of
// them adds 8 MB in all.
const (
	partitions = 64
	bufferSize = 128 << 10
)

// Sorter holds measurements on disk.
type Sorter struct {
	dir     string
	samples int
	files   [partitions]*os.File
	buffers [partitions]*bufio.Writer
	count   [partitions]int
}

// Create starts a sorter for samples numbered from 0 to samples-1. Its files are in a
// folder that it makes, and that Close removes.
func Create(dir string, samples int) (*Sorter, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	return &Sorter{dir: dir, samples: max(samples, 1)}, nil
}

// Add takes a measurement.
func (s *Sorter) Add(m Measurement) error {
	p := int(int64(m.Sample) * partitions / int64(s.samples))
	if s.buffers[p] == nil {
		f, err := os.Create(filepath.Join(s.dir, strconv.Itoa(p)))
		if err != nil {
			return err
		}
		s.files[p], s.buffers[p] = f, bufio.NewWriterSize(f, bufferSize)
	}
	var b [recordSize]byte
	binary.LittleEndian.PutUint32(b[0:], uint32(m.Sample))
	binary.LittleEndian.PutUint32(b[4:], uint32(m.Second))
	binary.LittleEndian.PutUint16(b[8:], m.Channel)
	binary.LittleEndian.PutUint32(b[10:], math.Float32bits(m.Value))
	s.count[p]++
	_, err := s.buffers[p].Write(b[:])
	return err
}

// Len is the number of measurements.
func (s *Sorter) Len() int {
	n := 0
	for _, c := range s.count {
		n += c
	}
	return n
}

// Rows calls each with what was measured of a sample in one second, channels ascending.
// Where a channel was measured several times in a second, the second has further rows,
// in the order in which the measurements came. The slices are valid during the call.
func (s *Sorter) Rows(ctx context.Context, each func(sample int, second int32, channels []uint16, values []float32) error) error {
	for p := range partitions {
		if err := ctx.Err(); err != nil {
			return err
		}
		list, err := s.load(p)
		if err != nil {
			return err
		}
		slices.SortStableFunc(list, func(a, b Measurement) int {
			return cmp.Or(cmp.Compare(a.Sample, b.Sample), cmp.Compare(a.Second, b.Second), cmp.Compare(a.Channel, b.Channel))
		})
		for len(list) > 0 {
			n := 1
			for n < len(list) && list[n].Sample == list[0].Sample && list[n].Second == list[0].Second {
				n++
			}
			if err := rows(list[:n], each); err != nil {
				return err
			}
			list = list[n:]
		}
	}
	return nil
}

// rows parts the measurements of one second, sorted by channel, into rows in which each
// channel is there at most once.
func rows(list []Measurement, each func(sample int, second int32, channels []uint16, values []float32) error) error {
	var channels []uint16
	var values []float32
	for len(list) > 0 {
		channels, values = channels[:0], values[:0]
		var rest []Measurement
		for i, m := range list {
			if i > 0 && m.Channel == list[i-1].Channel {
				rest = append(rest, m)
				continue
			}
			channels, values = append(channels, m.Channel), append(values, m.Value)
		}
		if err := each(int(list[0].Sample), list[0].Second, channels, values); err != nil {
			return err
		}
		list = rest
	}
	return nil
}

// load reads a partition back.
func (s *Sorter) load(p int) ([]Measurement, error) {
	if s.buffers[p] == nil {
		return nil, nil
	}
	if err := s.buffers[p].Flush(); err != nil {
		return nil, err
	}
	if _, err := s.files[p].Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(s.files[p], bufferSize)
	list := make([]Measurement, s.count[p])
	var b [recordSize]byte
	for i := range list {
		if _, err := io.ReadFull(in, b[:]); err != nil {
			return nil, err
		}
		list[i] = Measurement{
			Sample:  int32(binary.LittleEndian.Uint32(b[0:])),
			Second:  int32(binary.LittleEndian.Uint32(b[4:])),
			Channel: binary.LittleEndian.Uint16(b[8:]),
			Value:   math.Float32frombits(binary.LittleEndian.Uint32(b[10:])),
		}
	}
	return list, nil
}

// Close removes everything from the disk.
func (s *Sorter) Close() error {
	var err error
	for _, f := range s.files {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
