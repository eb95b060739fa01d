package host

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/fusemoe/fusemoe/core/host/sandbox"
	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Sandbox leaves a plugin its own files and what it lists, to read; its private directory
// and that of its socket, to write to; and nothing else: no network, no file of another
// patient. The plugin cannot open files of the dataset: it gets their contents, as data.
type Sandbox struct {
	// Wrapper is a command that gives its further arguments to sandbox.Exec.
	Wrapper []string
	// Read are the files and folders that the plugin may read: its own, its model.
	Read []string
}

// possible tells why the sandbox cannot be, or nil.
func (s *Sandbox) possible() error {
	if s == nil {
		return nil
	}
	if len(s.Wrapper) == 0 {
		return errors.New("this program has no command that puts plugins into one")
	}
	return sandbox.Supported()
}

// argv is what starts a process of the plugin.
func (s Spec) argv() []string {
	if s.Sandbox == nil {
		return s.Command
	}
	rules := sandbox.Rules{Read: s.Sandbox.Read, GPU: cmp.Or(s.Device, cpu) != cpu}
	if s.Dir != "" {
		rules.Write = []string{s.Dir}
	}
	return sandbox.Command(s.Sandbox.Wrapper, rules, s.Command)
}

const readHint = "it runs in a sandbox: what else it needs to read, such as a model, stands under read"

// explain adds to the error of a plugin that does not get ready what the sandbox may have
// to do with it.
func (s *Sandbox) explain(err error) error {
	if s == nil {
		return err
	}
	if e, ok := errors.AsType[*Error](err); ok {
		whole := *e
		whole.Advice = strings.Join(nonEmpty(e.Advice, readHint), "; ")
		return &whole
	}
	if e, ok := errors.AsType[*DiagnosticError](err); ok {
		for _, d := range e.Diagnostics {
			if strings.Contains(strings.ToLower(d.GetSummary()), "permission denied") {
				d.Detail = strings.Join(nonEmpty(d.GetDetail(), readHint), "; ")
			}
		}
	}
	return err
}

func nonEmpty(texts ...string) (some []string) {
	for _, t := range texts {
		if t != "" {
			some = append(some, t)
		}
	}
	return some
}

// files is how many items of the sample are files.
func files(sample *modalitypb.Sample) (n int) {
	for _, item := range sample.GetItems() {
		if item.GetPath() != "" {
			n++
		}
	}
	return n
}

// inlined is the sample with the contents of its files in place of their paths.
func inlined(sample *modalitypb.Sample) (*modalitypb.Sample, error) {
	if files(sample) == 0 {
		return sample, nil
	}
	out := &modalitypb.Sample{Id: sample.GetId(), Items: make([]*modalitypb.Item, len(sample.GetItems()))}
	for i, item := range sample.GetItems() {
		if out.Items[i] = item; item.GetPath() == "" {
			continue
		}
		data, err := contents(item.GetPath())
		if err != nil {
			return nil, fmt.Errorf("its file %d, which a plugin in a sandbox gets as data, cannot be read: %w", i, err)
		}
		whole := proto.CloneOf(item)
		whole.Payload = &modalitypb.Item_Data{Data: data}
		out.Items[i] = whole
	}
	return out, nil
}

// contents reads a file. Its error does not name the file, which may name a patient.
func contents(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > sdk.MaxMessage-batchBytes {
		return nil, fmt.Errorf("%d MiB are more than a message holds", info.Size()>>20)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return data, err
}
