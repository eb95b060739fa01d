package cache

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
)

// WriteState keeps what a plugin fitted. The file is there whole or not at all.
func WriteState(path string, state []byte) (err error) {
	f, err := beside(path)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // it may be closed already, and is removed anyway
			err = errors.Join(fmt.Errorf("cache %s: %w", path, err), os.Remove(f.Name()))
		}
	}()
	b := binary.LittleEndian.AppendUint32([]byte(stateMagic), version)
	b = append(b, state...)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli()))
	if _, err := f.Write(b); err != nil {
		return err
	}
	return place(f, path)
}

// ReadState returns what WriteState kept. The error of a file that is not there is
// fs.ErrNotExist, of a damaged one ErrUnusable.
func ReadState(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	state, err := parseState(b)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", path, err)
	}
	return state, nil
}

func parseState(b []byte) ([]byte, error) {
	const sum = 4
	head := binary.LittleEndian.AppendUint32([]byte(stateMagic), version)
	body, isState := bytes.CutPrefix(b, head)
	switch {
	case !isState:
		return nil, unusable("it does not begin as a state of version %d", version)
	case len(body) < sum:
		return nil, unusable("it was cut short")
	case crc32.Checksum(b[:len(b)-sum], castagnoli()) != binary.LittleEndian.Uint32(b[len(b)-sum:]):
		return nil, unusable("its checksum is wrong")
	}
	return body[:len(body)-sum], nil
}
