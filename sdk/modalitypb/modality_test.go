package modalitypb_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// released is the contract as it was last released, as protoc --descriptor_set_out
// writes it. Replace it when a release adds to the contract, never otherwise.
const released = "testdata/modality.v1.binpb"

// registered is the name under which every program knows the file.
const registered = "fusemoe/modality/v1/modality.proto"

func TestNothingReleasedChangesOrGoesAway(t *testing.T) {
	now := make(map[string]bool)
	for _, line := range promises(modalitypb.File_fusemoe_modality_v1_modality_proto) {
		now[line] = true
	}
	then := promises(readDescriptor(t, released))
	if len(then) < 40 {
		t.Fatalf("the released descriptor makes only %d promises: it was not read right", len(then))
	}
	for _, line := range then {
		if !now[line] {
			t.Errorf("released, but no longer so: %s", line)
		}
	}
}

func TestGeneratedCodeIsOfThisProto(t *testing.T) {
	if _, err := exec.LookPath("protoc"); err != nil {
		t.Skip("protoc is not installed")
	}
	out := filepath.Join(t.TempDir(), "now.binpb")
	cmd := exec.Command("protoc", "--proto_path=fusemoe/modality/v1=.", "--descriptor_set_out="+out, registered)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("protoc: %v\n%s", err, msg)
	}
	want := protodesc.ToFileDescriptorProto(readDescriptor(t, out))
	got := protodesc.ToFileDescriptorProto(modalitypb.File_fusemoe_modality_v1_modality_proto)
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("modality.proto has changed since the code was generated; run go generate (-proto +code):\n%s", diff)
	}
}

func readDescriptor(t *testing.T, path string) protoreflect.FileDescriptor {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		t.Fatal(err)
	}
	f, err := files.FindFileByPath(registered)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// promises lists what a plugin built against the file relies on, one line each.
func promises(f protoreflect.FileDescriptor) []string {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	enums := func(es protoreflect.EnumDescriptors) {
		for i := range es.Len() {
			for j := range es.Get(i).Values().Len() {
				v := es.Get(i).Values().Get(j)
				say("enum %s: %s = %d", es.Get(i).FullName(), v.Name(), v.Number())
			}
		}
	}
	enums(f.Enums())
	for i := range f.Messages().Len() {
		m := f.Messages().Get(i)
		enums(m.Enums())
		for j := range m.Fields().Len() {
			d := m.Fields().Get(j)
			of := d.Kind().String()
			if d.Message() != nil {
				of = string(d.Message().FullName())
			} else if d.Enum() != nil {
				of = string(d.Enum().FullName())
			}
			say("field %s = %d: %s %s", d.FullName(), d.Number(), d.Cardinality(), of)
		}
	}
	for i := range f.Services().Len() {
		for j := range f.Services().Get(i).Methods().Len() {
			m := f.Services().Get(i).Methods().Get(j)
			say("rpc %s(%s stream=%t) returns (%s stream=%t)", m.FullName(),
				m.Input().FullName(), m.IsStreamingClient(), m.Output().FullName(), m.IsStreamingServer())
		}
	}
	return lines
}
