package checkpoint

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// safetensor is a file with the given header and as many data bytes.
func safetensor(header string, bytes int) []byte {
	text := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(text, header...), make([]byte, bytes)...)
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"nothing":          {nil, "header too small"},
		"header too long":  {binary.LittleEndian.AppendUint64(nil, 1<<40), "header too large"},
		"data cut":         {safetensor(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 4), "incomplete"},
		"other type":       {safetensor(`{"w":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, 8), "only F32"},
		"shape of nothing": {safetensor(`{"w":{"dtype":"F32","shape":[0,9000000000],"data_offsets":[0,0]}}`, 0), "dimension"},
		"overlap": {safetensor(`{"v":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},`+
			`"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "offset"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := decode(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	var whole bytes.Buffer
	one := []Tensor{{Name: "w", Shape: []int{2}, Data: []float32{1, 2}}, {Name: "z", Shape: []int{0}}}
	if err := encode(&whole, one); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()-1])
	f.Add(safetensor(`{}`, 0))
	f.Add(safetensor(`{"w":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"__metadata__":{"a":"b"}}`, 4))
	f.Fuzz(func(t *testing.T, text []byte) {
		tensors, err := decode(text)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := encode(&again, tensors); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		back, err := decode(again.Bytes())
		if err != nil || len(back) != len(tensors) {
			t.Fatalf("what was written cannot be read: %v", err)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"model":{"width": 2},"modalities":[{"name":"a","config":{}}],"files":{"weights":{}}}`))
	f.Add([]byte(`{"tasks":[{"thresholds":[null,0.5]}],"metric":{"name":"auroc","value":null}}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = parseManifest(text)
	})
}
