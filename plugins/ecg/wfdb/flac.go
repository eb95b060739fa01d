package wfdb

import (
	"errors"
	"fmt"
	"io"

	"github.com/mewkiz/flac"
)

// A block of FLAC whose samples are all the same takes a few bytes, so a small file may unpack to gigabytes.
// A recorder that wrote flat lines only, in the usual blocks of 4,096, stays below maxRatio samples a byte;
// up to flatSamples, 16 MiB, any ratio will do.
const (
	maxRatio    = 1000
	flatSamples = 1 << 22
)

// decodeFLAC reads from sample skip of each channel up to limit samples, all that there are if limit is
// negative, of a file of size bytes.
func decodeFLAC(r io.Reader, size int64, bits, channels int, skip, limit int64) (out [][]int32, err error) {
	defer func() {
		// The decoder indexes by what the file says.
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrFLAC, p)
		}
	}()
	stream, err := flac.New(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFLAC, err)
	}
	if int(stream.Info.BitsPerSample) > bits {
		return nil, fmt.Errorf("%w: %d bits a sample in a format of %d", ErrFLAC, stream.Info.BitsPerSample, bits)
	}
	if int(stream.Info.NChannels) != channels {
		return nil, fmt.Errorf("%w: %d channels for %d signals", ErrFLAC, stream.Info.NChannels, channels)
	}
	out = make([][]int32, channels)
	most := min(max(flatSamples, size*maxRatio), MaxSamples)
	for limit < 0 || int64(len(out[0])) < limit {
		frame, err := stream.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			if frame.BitsPerSample == 0 { // as the stream
				frame.BitsPerSample = stream.Info.BitsPerSample
			}
			err = frame.Parse()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFLAC, err)
		}
		if len(frame.Subframes) != channels {
			return nil, fmt.Errorf("%w: a frame of %d channels", ErrFLAC, len(frame.Subframes))
		}
		drop := min(skip, int64(frame.BlockSize))
		skip -= drop
		for i, sub := range frame.Subframes {
			out[i] = append(out[i], sub.Samples[drop:]...)
		}
		if int64(len(out[0])*channels) > most {
			return nil, fmt.Errorf("%w: %d bytes unpack to more than %d samples", ErrTooLarge, size, most)
		}
	}
	if limit >= 0 && int64(len(out[0])) > limit {
		for i := range out {
			out[i] = out[i][:limit]
		}
	}
	return out, nil
}
