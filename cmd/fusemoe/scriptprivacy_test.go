package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fusemoe/fusemoe/sdk"
)

// marked is what the script privacy plants in the data.
var marked = regexp.MustCompile(`(?i)canary|\.98765`)

// named are the files that name samples, and say so.
var named = []string{"predictions.csv", "report.json", "report.html"}

// private EXCEPT... fails if what was planted in the data is in what the last program
// wrote, or in a file other than the dataset, the cache, those named and the exceptions.
func private(ts *testscript.TestScript, _ bool, args []string) {
	for _, stream := range []string{"stdout", "stderr"} {
		if found := marked.FindString(ts.ReadFile(stream)); found != "" {
			ts.Fatalf("%s has %s:\n%s", stream, found, ts.ReadFile(stream))
		}
	}
	work := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(work, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(work, path)
		if err != nil {
			return err
		}
		switch {
		case name == "ward" || name == "cache":
			return fs.SkipDir
		case d.IsDir() || slices.Contains(named, d.Name()) || slices.Contains(args, name):
			return nil
		}
		text, err := os.ReadFile(path)
		if found := marked.Find(text); found != nil {
			ts.Fatalf("%s has %s", name, found)
		}
		return err
	}))
}

// reader is a plugin that reads texts, and refuses, panics at, or does not survive those
// with the words of its config.
type reader struct {
	Refuse string `json:"refuse"`
	Panic  string `json:"panic"`
	Kill   string `json:"kill"`
	// Model is a file that it needs.
	Model string `json:"model"`
}

func (*reader) Info() sdk.Info {
	return sdk.Info{Name: "reader", Version: "1.0.0", Kind: sdk.Embeddings, Accepts: []string{"text/plain"}}
}

func (r *reader) Configure(_ context.Context, c sdk.Config) (int, error) {
	*r = reader{}
	if err := c.Decode(r); err != nil || r.Model == "" {
		return 1, err
	}
	if _, err := os.ReadFile(r.Model); err != nil {
		return 0, &sdk.Diagnostic{Path: "model", Summary: err.Error()}
	}
	return 1, nil
}

func (r *reader) Encode(_ context.Context, s sdk.Sample) (q sdk.Sequence, err error) {
	for _, item := range s.Items {
		text := string(item.Data)
		has := func(words string) bool { return words != "" && strings.Contains(text, words) }
		switch {
		case has(r.Refuse):
			return q, errors.New("it is not of the kind that I read")
		case has(r.Panic):
			panic("cannot read " + text)
		case has(r.Kill):
			os.Exit(3)
		}
		q.Times = append(q.Times, item.Time)
		q.Values = append(q.Values, []float32{float32(len(text))})
	}
	return q, nil
}
