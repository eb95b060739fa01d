package track

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// eventsFile is recognised by its middle part; TensorBoard wants a time in it.
const eventsFile = "events.out.tfevents.%010d.fusemoe"

// TensorBoard begins an event file in dir, in place of one that an earlier attempt at the
// same training has left there.
func TensorBoard(dir string) (Writer, error) {
	if err := DiscardTensorBoard(dir); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(dir, fmt.Sprintf(eventsFile, time.Now().Unix())))
	if err != nil {
		return nil, fmt.Errorf("tensorboard: %w", err)
	}
	w := &events{file: f}
	version := protowire.AppendString(protowire.AppendTag(nil, eventVersion, protowire.BytesType), "brain.Event:2")
	if err := w.record(version); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return w, nil
}

// DiscardTensorBoard removes what TensorBoard has written to a folder.
func DiscardTensorBoard(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*.fusemoe"))
	for _, path := range old {
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil {
		return fmt.Errorf("tensorboard: %w", err)
	}
	return nil
}

// events is an event file: TFRecords of the protobuf message tensorflow.Event.
type events struct{ file *os.File }

// The fields of tensorflow.Event, Summary and Summary.Value that are written.
const (
	eventTime    = 1 // double, seconds
	eventStep    = 2 // int64
	eventVersion = 3 // string
	eventSummary = 5 // Summary
	summaryValue = 1 // Value, repeated
	valueTag     = 1 // string
	valueSimple  = 2 // float
)

func (w *events) Write(step int, figures map[string]float64) error {
	var summary []byte
	for _, name := range finite(figures) {
		value := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), name)
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(figures[name])))
		summary = protowire.AppendBytes(protowire.AppendTag(summary, summaryValue, protowire.BytesType), value)
	}
	event := protowire.AppendTag(nil, eventStep, protowire.VarintType)
	event = protowire.AppendVarint(event, uint64(step)) //nolint:gosec // an epoch
	return w.record(protowire.AppendBytes(protowire.AppendTag(event, eventSummary, protowire.BytesType), summary))
}

func (w *events) Close(bool) error {
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("tensorboard: %w", err)
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is the masked CRC-32C of a TFRecord.
func checksum(data []byte) []byte {
	const mask = 0xa282ead8
	c := crc32.Checksum(data, castagnoli)
	return binary.LittleEndian.AppendUint32(nil, (c>>15|c<<17)+mask)
}

// record appends an event, stamped with the time, as one TFRecord: length, its checksum,
// data, their checksum.
func (w *events) record(event []byte) error {
	now := float64(time.Now().UnixNano()) / 1e9
	data := protowire.AppendFixed64(protowire.AppendTag(nil, eventTime, protowire.Fixed64Type), math.Float64bits(now))
	data = append(data, event...)
	length := binary.LittleEndian.AppendUint64(nil, uint64(len(data)))
	whole := append(append(length, checksum(length)...), data...)
	if _, err := w.file.Write(append(whole, checksum(data)...)); err != nil {
		return fmt.Errorf("tensorboard: %w", err)
	}
	return nil
}
