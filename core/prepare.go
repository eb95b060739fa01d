package core

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/data/cache"
	"github.com/fusemoe/fusemoe/core/host"
	"github.com/fusemoe/fusemoe/core/lock"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Prepare starts the plugins, lets them learn from the training split, encodes every
// sample once into the cache and stops the plugins. What is in the cache already is
// not encoded again.
func (rt *Runtime) Prepare(ctx context.Context) (err error) {
	defer recovered("prepare", &err)
	fleet, programs, err := rt.startPlugins(ctx)
	if err != nil {
		return err
	}
	defer fleet.Stop()
	rt.encoded = make([]data.Encoded, len(rt.config.Modalities))
	rt.modalities = make([]checkpoint.Modality, len(rt.config.Modalities))
	group, groupCtx := errgroup.WithContext(ctx)
	for i, m := range rt.config.Modalities {
		group.Go(func() (err error) {
			defer recovered("prepare "+m.Name, &err)
			w := &preparation{runtime: rt, plugin: fleet.Plugin(m.Name), program: programs[i], modality: m, source: sourceOf(m)}
			rt.encoded[i], rt.modalities[i], err = w.run(groupCtx)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return errors.Join(err, ctx.Err())
	}
	rt.network.Modalities = describeModalities(rt.encoded, rt.dataset.Rows(data.Train), rt.network.Config.Missing)
	rt.batches, err = data.NewBatcher(rt.dataset, rt.encoded, rt.network.taskNames())
	return err
}

// startPlugins also returns, for each modality, what tells the program that runs apart from
// any other.
func (rt *Runtime) startPlugins(ctx context.Context) (*host.Fleet, []string, error) {
	var specs []host.Spec
	var programs []string
	hashes := make(programHashes)
	for i, m := range rt.config.Modalities {
		s, program, err := rt.spec(m, rt.config.Plugins, rt.config.Train.Threads)
		if err == nil {
			program, err = hashes.of(program)
		}
		if err != nil {
			return nil, nil, err
		}
		s.Seed, s.Key = rt.config.Train.Seeds[0], fmt.Sprintf("modalities.%d.config", i)
		specs, programs = append(specs, s), append(programs, program)
	}
	if err := rt.allAttached(specs); err != nil {
		return nil, nil, err
	}
	stage := rt.progress.Stage("start plugins", 0)
	fleet, err := host.Start(ctx, rt.log, specs)
	if err != nil {
		return nil, nil, err
	}
	stage.Done()
	return fleet, programs, nil
}

// programHashes are the hashes of programs by path. Several modalities share a program,
// and hashing one takes as long as starting it.
type programHashes map[string]string

// of is the hash of the program at path, empty for no program.
func (h programHashes) of(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if known, ok := h[path]; ok {
		return known, nil
	}
	hash, err := lock.Hash(path)
	if err != nil {
		return "", fmt.Errorf("hash the plugin: %w", err)
	}
	h[path] = hash
	return hash, nil
}

func describeModalities(encoded []data.Encoded, training []int, missing model.Missing) []model.Modality {
	var all []model.Modality
	for _, e := range encoded {
		m := model.Modality{Name: e.Name, Width: e.Dim, Measurements: e.Measurements}
		if e.Measurements || missing == model.Means {
			m.Mean = channelMeans(e, training)
		}
		all = append(all, m)
	}
	return all
}

// channelMeans are those of what the training split observed; a channel that it never
// did has 0.
func channelMeans(e data.Encoded, training []int) []float64 {
	sums, counts := make([]float64, e.Dim), make([]float64, e.Dim)
	for _, sample := range training {
		s := e.Sequences[sample]
		for i, v := range s.Values {
			if s.Observed == nil || s.Observed[i] {
				sums[i%e.Dim] += float64(v)
				counts[i%e.Dim]++
			}
		}
	}
	for c := range sums {
		sums[c] /= max(counts[c], 1)
	}
	return sums
}

// preparation is one modality on its way into the cache.
type preparation struct {
	runtime  *Runtime
	plugin   *host.Plugin
	program  string // the hash of what runs
	modality config.Modality
	source   string
}

func (w *preparation) run(ctx context.Context) (data.Encoded, checkpoint.Modality, error) {
	state, err := w.learn(ctx)
	if err != nil {
		return data.Encoded{}, checkpoint.Modality{}, err
	}
	// What was learned counts, not from whom: a plugin that learns nothing of the training split, such as one
	// with a pretrained network, need not encode again for another split.
	path, done, err := w.path(".sequences", state)
	if err != nil {
		return data.Encoded{}, checkpoint.Modality{}, err
	}
	defer done()
	encoded, err := w.encoded(ctx, path)
	if err != nil {
		return data.Encoded{}, checkpoint.Modality{}, err
	}
	described, err := w.describe(state)
	return encoded, described, err
}

// path names a file by everything that what is in it depends on: the plugin, its config,
// the items of all samples, and one thing more. Of the plugin the program itself counts: an
// author who builds it again need not give it another version to see what it now makes of
// the data. Call done when the file has been read.
func (w *preparation) path(extension string, more []byte) (path string, done func(), err error) {
	items, err := w.runtime.dataset.Fingerprint(w.source)
	if err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(w.runtime.cacheDir, 0o700); err != nil {
		return "", nil, fmt.Errorf("make the cache folder: %w", err)
	}
	done = func() {}
	if w.plugin.Attached() { // a name that no other run has; a file that stays does no harm
		more = append(slices.Clip(more), rand.Text()...)
		done = func() { _ = os.Remove(path) }
	}
	key := cache.Key([]byte(w.plugin.Fingerprint()), []byte(w.program), []byte(items), more)
	path = filepath.Join(w.runtime.cacheDir, key+extension)
	return path, done, nil
}

// learn has the plugin learn from the training split, if it does, and returns what.
func (w *preparation) learn(ctx context.Context) (state []byte, err error) {
	if !w.plugin.Describe().GetFits() {
		return nil, nil
	}
	path, done, err := w.path(".state", fmt.Append(nil, w.runtime.dataset.Rows(data.Train)))
	if err != nil {
		return nil, err
	}
	defer done()
	if state, err = w.state(ctx, path); err != nil {
		return nil, err
	}
	return state, w.plugin.Configure(ctx, state)
}

// state is what the plugin learns from the training split, from the cache or anew.
func (w *preparation) state(ctx context.Context, path string) (state []byte, err error) {
	if state, err := cache.ReadState(path); err == nil {
		return state, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		w.runtime.log.Warn().Str("modality", w.modality.Name).Err(err).Msg("the cached state cannot be used; fitting again")
	}
	rows := w.runtime.dataset.Rows(data.Train)
	meter := w.runtime.progress.Stage("fit "+w.modality.Name, len(rows))
	defer meter.Done()
	sent := 0
	state, err = w.plugin.Fit(ctx, w.runtime.dataset.Requests(w.source, rows), func(n int) {
		meter.Add(n - sent)
		sent = n
	})
	if err != nil {
		return nil, err
	}
	return state, cache.WriteState(path, state)
}

// encoded is what the plugin makes of every sample, from the cache or anew.
func (w *preparation) encoded(ctx context.Context, path string) (data.Encoded, error) {
	if w.plugin.Describe().GetDeterministic() {
		file, err := cache.Read(path)
		// Errors in it are from a run that skipped them. One that stops tries again.
		if err == nil && (len(file.Errors) == 0 || w.modality.OnError == config.OnErrorSkip) {
			return w.named(file), nil
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			w.runtime.log.Warn().Str("modality", w.modality.Name).Err(err).Msg("the cached sequences cannot be used; encoding again")
		}
	}
	if err := w.encode(ctx, path); err != nil {
		return data.Encoded{}, err
	}
	file, err := cache.Read(path)
	if err != nil {
		return data.Encoded{}, err
	}
	return w.named(file), nil
}

// named gives what was encoded the modality's name: two modalities of equal config
// share a file. It says what is missing of it.
func (w *preparation) named(f *cache.File) data.Encoded {
	w.pass().report(w.runtime.log, f.Errors)
	f.Encoded.Name = w.modality.Name
	return f.Encoded
}

func (w *preparation) pass() *pass {
	return &pass{
		plugin: w.plugin, modality: w.modality.Name, dataset: w.runtime.dataset, source: w.source, onError: w.modality.OnError,
	}
}

func (w *preparation) encode(ctx context.Context, path string) (err error) {
	d := w.runtime.dataset
	out, err := cache.Create(path, cache.Header{
		Name: w.modality.Name, Fingerprint: w.plugin.Fingerprint(), Dim: w.plugin.Dim(),
		Features: w.plugin.Features(), Measurements: measures(w.plugin), Count: d.Len(),
	})
	if err != nil {
		return err
	}
	defer out.Abort()
	meter := w.runtime.progress.Stage("encode "+w.modality.Name, d.Len())
	defer meter.Done()
	err = w.pass().encode(ctx, func(r *modalitypb.Result) error {
		meter.Add(1)
		return out.Append(r)
	})
	if err != nil {
		return err
	}
	return out.Commit()
}

func measures(p *host.Plugin) bool {
	return p.Describe().GetKind() == modalitypb.Kind_KIND_MEASUREMENTS
}

func (w *preparation) describe(state []byte) (checkpoint.Modality, error) {
	settings, err := pluginConfig(w.modality)
	return checkpoint.Modality{
		Name: w.modality.Name, Plugin: w.modality.Plugin, Source: w.source, Env: w.modality.Env,
		Sandbox: w.modality.Sandbox, Read: w.modality.Read,
		Device: w.modality.Device, OnError: string(w.modality.OnError),
		Config: settings, State: state, Fingerprint: w.plugin.Fingerprint(),
		Kind: w.plugin.Describe().GetKind().String(), Dim: w.plugin.Dim(), Features: w.plugin.Features(),
	}, err
}
