package lock_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fusemoe/fusemoe/core/lock"
)

// put makes a file, and the folders around it.
func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	_ = os.Remove(path)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func hash(t *testing.T, path string) string {
	t.Helper()
	h, err := lock.Hash(path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHashesAreThoseThatOtherToolsGive(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "gait"), "abc", 0o700)
	put(t, filepath.Join(dir, "posture/plugin.json"), "{}", 0o600)
	put(t, filepath.Join(dir, "posture/lib/main.py"), "abc", 0o600)
	// sha256sum gait
	if got, want := hash(t, filepath.Join(dir, "gait")),
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// find . -type f | sed 's|^./||' | LC_ALL=C sort | xargs sha256sum | sha256sum | xxd -r -p | base64
	if got, want := hash(t, filepath.Join(dir, "posture")), "h1:/wmIXN0nG/e5HeaJMS2jSnSfrFb/ZOtX8iV+FBT2xrM="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTheHashOfAFolderIsThatOfItsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "posture")
	put(t, filepath.Join(dir, "main.py"), "abc", 0o600)
	before := hash(t, dir)
	put(t, filepath.Join(dir, "__pycache__/main.pyc"), "compiled", 0o600)
	put(t, filepath.Join(dir, ".git/HEAD"), "main", 0o600)
	if hash(t, dir) != before {
		t.Error("what an interpreter leaves changes the hash")
	}
	changes := map[string]func(){
		"another file":   func() { put(t, filepath.Join(dir, "lib/x.py"), "", 0o600) },
		"another text":   func() { put(t, filepath.Join(dir, "main.py"), "abd", 0o600) },
		"another name":   func() { _ = os.Rename(filepath.Join(dir, "main.py"), filepath.Join(dir, "start.py")) },
		"a linked file":  func() { _ = os.Symlink("/etc/hostname", filepath.Join(dir, "name")) },
		"a missing file": func() { _ = os.Remove(filepath.Join(dir, "lib/x.py")) },
	}
	for _, what := range []string{"another file", "another text", "another name", "a linked file", "a missing file"} {
		changes[what]()
		after := hash(t, dir)
		if after == before {
			t.Errorf("%s does not change the hash", what)
		}
		before = after
	}
	if err := os.Symlink("/etc", filepath.Join(dir, "etc")); err != nil {
		t.Fatal(err)
	}
	if _, err := lock.Hash(dir); err == nil || !strings.Contains(err.Error(), "neither a file nor a folder") {
		t.Errorf("got %v for a link to a folder", err)
	}
}

func TestWhatRunsIsACopyWithTheLockedHash(t *testing.T) {
	dir := t.TempDir()
	source, copies := filepath.Join(dir, "posture"), filepath.Join(dir, "copies")
	put(t, filepath.Join(source, "main.py"), "abc", 0o600)
	put(t, filepath.Join(source, "start"), "run", 0o700)
	put(t, filepath.Join(source, "__pycache__/main.pyc"), "compiled", 0o600)
	f := &lock.File{Plugins: map[string]lock.Entry{}}
	if err := os.Symlink(".", filepath.Join(source, "here")); err != nil {
		t.Fatal(err)
	}
	f.Plugins["posture"] = lock.Entry{Version: "1.2.0", Hash: hash(t, source)}
	open := func() string {
		t.Helper()
		path, err := f.Open("posture", source, copies)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	path := open()
	if !strings.HasPrefix(path, copies) || hash(t, path) != hash(t, source) {
		t.Errorf("%s is no copy", path)
	}
	if info, err := os.Stat(filepath.Join(path, "start")); err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("the copy cannot run, or can be changed: %v, %v", info, err)
	}
	if _, err := os.Stat(filepath.Join(path, "__pycache__")); err == nil {
		t.Error("what has no hash was copied")
	}
	if to, err := os.Readlink(filepath.Join(path, "here")); err != nil || to != "." {
		t.Errorf("a link to a folder leads to %q, %v", to, err)
	}

	// Somebody changes the copy: by changing a file, and by adding one.
	put(t, filepath.Join(path, "main.py"), "evil", 0o600)
	if hash(t, open()) != hash(t, source) {
		t.Error("a changed copy is used")
	}
	put(t, filepath.Join(path, "__pycache__/main.pyc"), "evil", 0o600)
	if _, err := os.Stat(filepath.Join(open(), "__pycache__")); err == nil {
		t.Error("a copy with more in it is used")
	}

	// Somebody changes the plugin.
	put(t, filepath.Join(source, "main.py"), "evil", 0o600)
	_, err := f.Open("posture", source, copies)
	want := "it is not the one that was locked (version 1.2.0): want " + f.Plugins["posture"].Hash + ", got " +
		hash(t, source) + ", at " + source
	if _, ok := errors.AsType[*lock.MismatchError](err); !ok || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := f.Open("gait", source, copies); !errors.Is(err, lock.ErrUnlocked) {
		t.Errorf("got %v for a plugin that is not locked", err)
	}
	if left, err := filepath.Glob(filepath.Join(copies, ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestALockFileReadsBackTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), lock.FileName)
	empty, err := lock.Read(path)
	if err != nil || len(empty.Plugins) > 0 {
		t.Errorf("got %v, %v where there is none", empty, err)
	}
	want := &lock.File{Plugins: map[string]lock.Entry{
		"./gait": {Path: "gait", Version: "0.1.0", Hash: "sha256:00"}, "a b": {Path: "/x/a b", Version: "1", Hash: "h1:"},
	}}
	if err := want.Write(path); err != nil {
		t.Fatal(err)
	}
	got, err := lock.Read(path)
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v\n%s", err, d)
	}
	put(t, path, `{"plugin": {}}`, 0o600)
	if _, err := lock.Read(path); err == nil || !strings.Contains(err.Error(), "is no lock file") {
		t.Errorf("got %v", err)
	}
}

// FuzzRead reads anything as a lock file.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"plugins": {"./gait": {"path": "gait", "version": "1.0.0", "hash": "sha256:00"}}}`))
	f.Add([]byte(`{"plugins": null}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, lock.FileName)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		locked, err := lock.Read(path)
		if err != nil {
			return
		}
		if _, err := locked.Open("./gait", dir, dir); err == nil {
			t.Error("it opens what has another hash")
		}
	})
}
