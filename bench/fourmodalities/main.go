// Command fourmodalities shows on a synthetic cohort what each modality adds, and what
// becomes of predictions when one falls silent.
//
//	fusemoe import synthetic --to data/synthetic
//	go run ./bench/fourmodalities --data data/synthetic --seeds 1,2,3
//
// The first table has the test AUROC of every modality alone, of every pair and of all
// four, over the seeds. All are judged by the same test patients, the whole split: of
// who has none of the modalities a model can say but one thing, the share of deaths
// among such patients of the training split.
//
// In the second table one modality is taken from every test patient. It compares the
// model with learned indicators of what is missing with models that fill in zeros or
// means, and with models that are trained anew on the other modalities. In brackets is
// the difference from the first, seed by seed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fourmodalities:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	f := flag.NewFlagSet("fourmodalities", flag.ContinueOnError)
	file := f.String("config", "examples/four-modalities/config.yaml", "config with all modalities")
	path := f.String("data", "", "dataset folder, from fusemoe import synthetic")
	list := f.String("seeds", "1,2,3", "seeds of the trainings")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if *path == "" {
		return errors.New("give the dataset's folder with --data DIR")
	}
	cfg, err := config.Load(config.Sources{File: *file})
	if err != nil {
		return err
	}
	d, err := data.Open(*path)
	if err != nil {
		return err
	}
	s := study{config: cfg, dataset: d}
	for word := range strings.SplitSeq(*list, ",") {
		seed, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			return fmt.Errorf("--seeds: %s is no seed", word)
		}
		s.seeds = append(s.seeds, seed)
	}
	if s.has, err = recorded(d, cfg.Modalities); err != nil {
		return err
	}
	if err := s.compareSubsets(ctx); err != nil {
		return err
	}
	return s.compareFillings(ctx)
}

// compareSubsets writes a row for every subset of one, two and all modalities.
func (s *study) compareSubsets(ctx context.Context) error {
	all := s.all()
	var subsets [][]int
	for _, i := range all {
		subsets = append(subsets, []int{i})
	}
	for _, i := range all {
		for _, j := range all[i+1:] {
			subsets = append(subsets, []int{i, j})
		}
	}
	fmt.Printf("| modalities | patients | test AUROC |\n| --- | --- | --- |\n")
	for _, subset := range append(subsets, all) {
		result, err := s.train(ctx, subset, config.MissingIndicator, nil)
		if err != nil {
			return err
		}
		fmt.Printf("| %s | %.1f %% | %s |\n", s.names(subset), 100*s.coverage(subset), result[0])
	}
	return nil
}

// compareFillings writes a row for every modality that is taken away.
func (s *study) compareFillings(ctx context.Context) error {
	all := s.all()
	var kept [3][]scores // by filling and what is taken away, nothing first
	for i, filling := range []config.Missing{config.MissingIndicator, config.MissingZero, config.MissingMean} {
		var err error
		if kept[i], err = s.train(ctx, all, filling, all); err != nil {
			return err
		}
	}
	fmt.Printf("\n| taken away | indicators | zeros | means | trained anew, indicators | trained anew, zeros |\n")
	fmt.Printf("| --- | --- | --- | --- | --- | --- |\n| nothing | %s | %s (%s) | %s (%s) | | |\n", kept[0][0],
		kept[1][0], kept[1][0].minus(kept[0][0]), kept[2][0], kept[2][0].minus(kept[0][0]))
	for _, m := range all {
		indicators := kept[0][1+m]
		row := []scores{kept[1][1+m], kept[2][1+m]}
		for _, filling := range []config.Missing{config.MissingIndicator, config.MissingZero} {
			anew, err := s.train(ctx, without(all, m), filling, nil)
			if err != nil {
				return err
			}
			row = append(row, anew[0])
		}
		fmt.Printf("| %s | %s |", s.config.Modalities[m].Name, indicators)
		for _, other := range row {
			fmt.Printf(" %s (%s) |", other, other.minus(indicators))
		}
		fmt.Println()
	}
	return nil
}

// all are the config's modalities, by place.
func (s *study) all() []int {
	places := make([]int, len(s.config.Modalities))
	for i := range places {
		places[i] = i
	}
	return places
}
