// Command generate chooses the 1,000 stays of the built-in example from set a of the
// PhysioNet/CinC Challenge 2012:
//
//	go run ./examples/physionet2012/generate SET-A.tar.gz examples/physionet2012/sample
package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/ingest/physionet2012"
)

// How many stays each split of the example gets.
var sizes = [3]int{data.Train: 640, data.Val: 160, data.Test: 200}

const task = "in_hospital_death"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: generate SET-A.tar.gz FOLDER")
		os.Exit(1)
	}
	if err := generate(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(ctx context.Context, setA, to string) (err error) {
	work, err := os.MkdirTemp("", "fusemoe-generate-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	all := filepath.Join(work, "all")
	if _, err := physionet2012.Import(ctx, physionet2012.Options{Train: []string{setA}, To: all}); err != nil {
		return err
	}
	d, err := data.Open(all)
	if err != nil {
		return err
	}
	example, err := choose(d)
	if err != nil {
		return err
	}
	return example.Save(ctx, to)
}

// choose copies the stays of the example into a dataset of their own.
func choose(d *data.Dataset) (*data.Dataset, error) {
	b := data.NewBuilder(d.Description)
	splits, err := divide(d)
	if err != nil {
		return nil, err
	}
	var rows []int
	for i := range d.IDs {
		split, chosen := splits[i]
		if !chosen {
			continue
		}
		rows = append(rows, i)
		labels := map[string][]float64{}
		for _, t := range d.Tasks {
			all, err := d.Labels(t.Name)
			if err != nil {
				return nil, err
			}
			labels[t.Name] = []float64{float64(all[i])}
		}
		b.Sample(data.Sample{ID: d.IDs[i], Patient: d.Patients[i], Split: split, Labels: labels})
	}
	for _, s := range d.Sources {
		for sample, err := range d.Requests(s.Name, rows) {
			if err != nil {
				return nil, err
			}
			for _, item := range sample.Items {
				b.Row(s.Name, sample.Id, item.Time, item.GetRow().Names, item.GetRow().Values)
			}
		}
	}
	return b.Build()
}

// divide chooses stays in the order of a hash of their number, and gives each split
// the same share of deaths.
func divide(d *data.Dataset) (map[int]data.Split, error) {
	labels, err := d.Labels(task)
	if err != nil {
		return nil, err
	}
	var classes [2][]int
	key := make([][sha256.Size]byte, d.Len())
	for i, id := range d.IDs {
		key[i] = sha256.Sum256([]byte("fusemoe example " + id))
		classes[int(labels[i])] = append(classes[int(labels[i])], i)
	}
	for _, rows := range classes {
		slices.SortFunc(rows, func(i, j int) int {
			return cmp.Or(bytes.Compare(key[i][:], key[j][:]), cmp.Compare(i, j))
		})
	}
	splits := map[int]data.Split{}
	died := len(classes[1])
	for split, size := range sizes {
		deaths := (size*died + d.Len()/2) / d.Len() // rounded
		for class, n := range [2]int{size - deaths, deaths} {
			for _, i := range classes[class][:n] {
				splits[i] = data.Split(split)
			}
			classes[class] = classes[class][n:]
		}
	}
	return splits, nil
}
