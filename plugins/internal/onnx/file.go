package onnx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fusemoe/fusemoe/sdk"
)

// fingerprint is the SHA-256 of a network: of its file, and of those beside it in which
// it keeps its weights. What is no network is a diagnostic.
func fingerprint(path string) (string, error) {
	data, err := readModel(path)
	if err != nil {
		return "", err
	}
	weights, ok := externalFiles(data)
	if !ok {
		return "", noModel(data)
	}
	h := sha256.New()
	_, _ = h.Write(data) // a hash takes everything
	for _, name := range weights {
		if !filepath.IsLocal(name) {
			return "", At("model", "the network keeps weights outside of its folder", "export it again with its weights beside it")
		}
		if err := add(h, filepath.Join(filepath.Dir(path), name)); err != nil {
			return "", At("model", "the network's weights "+name+" beside it cannot be read: "+reason(err), "copy both files to one folder")
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// readModel reads the file, which protobuf limits to 2 GiB.
func readModel(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > math.MaxInt32 {
		return nil, At("model", "the file has more than 2 GiB, which no .onnx file can", "export the network with its weights in a file of their own")
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, At("model", "cannot read "+path+": "+reason(err), "paths are relative to the folder that fusemoe was started in")
	}
	return data, nil
}

// reason is an error of the file system without the path.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

func add(h io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(h, f)
	return err
}

// noModel says what a file is that is taken for a network.
func noModel(data []byte) *sdk.Diagnostic {
	d := At("model", "the file is no ONNX network, or a damaged one", "copy or export it again")
	for magic, what := range map[string]string{
		"version https://git-lfs": "the file is a pointer of Git LFS, not the network itself; git lfs pull gets it",
		"PK\x03\x04":              "the file is a zip archive, perhaps of PyTorch or Keras, not an ONNX network",
		"\x89HDF":                 "the file is one of HDF5, perhaps of Keras, not an ONNX network",
	} {
		if bytes.HasPrefix(data, []byte(magic)) {
			d.Summary = what
		}
	}
	return d
}

// The numbers of fields in onnx.proto.
const (
	modelGraph     = 7
	graphNode      = 1
	graphWeights   = 5
	nodeAttribute  = 5
	attributeValue = 5
	attributeGraph = 6
	tensorExternal = 13
	entryKey       = 1
	entryValue     = 2
)

// externalFiles are the names of the files in which a network keeps weights, in order. It
// is not ok if data is no network.
func externalFiles(data []byte) (names []string, ok bool) {
	found, graphs := make(map[string]bool), 0
	ok = each(data, func(field protowire.Number, graph []byte) bool {
		if field != modelGraph {
			return true
		}
		graphs++
		return graphFiles(graph, found, 0)
	})
	return slices.Sorted(maps.Keys(found)), ok && graphs > 0
}

// maxDepth is how deep graphs may lie in each other: a loop in a loop is deep already.
const maxDepth = 16

func graphFiles(graph []byte, found map[string]bool, depth int) bool {
	return depth < maxDepth && each(graph, func(field protowire.Number, m []byte) bool {
		switch field {
		case graphWeights:
			return tensorFiles(m, found)
		case graphNode:
			return each(m, func(field protowire.Number, attribute []byte) bool {
				return field != nodeAttribute || each(attribute, func(field protowire.Number, m []byte) bool {
					switch field {
					case attributeValue:
						return tensorFiles(m, found)
					case attributeGraph:
						return graphFiles(m, found, depth+1)
					}
					return true
				})
			})
		}
		return true
	})
}

func tensorFiles(tensor []byte, found map[string]bool) bool {
	return each(tensor, func(field protowire.Number, entry []byte) bool {
		if field != tensorExternal {
			return true
		}
		var key, value string
		ok := each(entry, func(field protowire.Number, text []byte) bool {
			switch field {
			case entryKey:
				key = string(text)
			case entryValue:
				value = string(text)
			}
			return true
		})
		if key == "location" {
			found[value] = true
		}
		return ok
	})
}

// each calls visit with every field of a protobuf message that has bytes, until it returns
// false. It tells whether the message is well formed and visit never did.
func each(message []byte, visit func(field protowire.Number, value []byte) bool) bool {
	for len(message) > 0 {
		field, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return false
		}
		message = message[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(field, kind, message); n < 0 {
				return false
			}
			message = message[n:]
			continue
		}
		value, n := protowire.ConsumeBytes(message)
		if n < 0 || !visit(field, value) {
			return false
		}
		message = message[n:]
	}
	return true
}
