package sdktest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/fusemoe/fusemoe/sdk"
	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// contract is what every plugin promises, wherever it runs.
func contract() []check {
	return slices.Concat(configChecks(), encodeChecks(), repeatChecks(), stateChecks(), troubleChecks())
}

// encodeChecks are about what comes of a sample.
func encodeChecks() []check {
	return []check{
		{
			"encode before configure", "Refuse with the status FailedPrecondition what comes before Configure; the SDK does.",
			func(ctx context.Context, k *kit) error {
				s, err := k.target.open(ctx)
				if err != nil {
					return err
				}
				defer s.close()
				if _, err := s.encodeRaw(ctx, []*modalitypb.Sample{{Id: "early"}}); status.Code(err) != codes.FailedPrecondition {
					return fmt.Errorf("Encode before Configure gave %v, want %v", status.Code(err), codes.FailedPrecondition)
				}
				return nil
			},
		},
		{
			"sequences", "Return vectors of the width that Configure promised, finite and in the order of time; the samples of the check must have some.",
			func(ctx context.Context, k *kit) error {
				_, results, err := k.encoded(ctx)
				if err != nil {
					return err
				}
				vectors := 0
				for i, r := range results {
					if e := r.GetError(); e != nil {
						return fmt.Errorf("sample %d cannot be encoded: %s", i, e.GetSummary())
					}
					vectors += int(r.GetSequence().GetLength())
				}
				if vectors == 0 {
					return errors.New("no sample became any vector")
				}
				return nil
			},
		},
		{
			"times", "Take the times of the vectors from the items of the sample: the core places them in the window.",
			timesInside,
		},
		{
			"no items", "Return an empty sequence where there is nothing: the model has learned what to do then.",
			func(ctx context.Context, k *kit) error {
				s, err := k.ready(ctx)
				if err != nil {
					return err
				}
				results, err := s.encode(ctx, &modalitypb.Sample{Id: "nothing"})
				if err != nil {
					return err
				}
				if q := results[0].GetSequence(); q == nil || q.GetLength() > 0 {
					return fmt.Errorf("a sample without items became %s", outline(results[0]))
				}
				return nil
			},
		},
	}
}

func timesInside(ctx context.Context, k *kit) error {
	s, results, err := k.encoded(ctx)
	if err != nil {
		return err
	}
	for i, r := range results {
		items := k.samples[i].GetItems()
		if r.GetSequence().GetLength() == 0 || len(items) == 0 {
			continue
		}
		times, _, _, err := r.GetSequence().Unpack(s.dim)
		if err != nil {
			return err
		}
		first, last := items[0].GetTime(), items[len(items)-1].GetTime()
		for j, t := range times {
			if t < first || t > last {
				return fmt.Errorf("vector %d of sample %d lies at %g, outside of its items' times, %g to %g", j, i, t, first, last)
			}
		}
	}
	return nil
}

// repeatChecks are about results depending on the sample alone.
func repeatChecks() []check {
	const pure = "Let the result depend on config, state and sample alone: no random numbers without the seed, no memory of other samples."
	return []check{
		{"same twice", pure, func(ctx context.Context, k *kit) error {
			return k.compare(ctx, func(s *session) ([]*modalitypb.Result, error) { return s.encode(ctx, k.samples...) })
		}},
		{"one by one", "Let EncodeBatch return exactly what Encode would: results are cached by sample, not by batch.", func(ctx context.Context, k *kit) error {
			return k.compare(ctx, func(s *session) ([]*modalitypb.Result, error) {
				var all []*modalitypb.Result
				for _, sample := range k.samples {
					r, err := s.encode(ctx, sample)
					if err != nil {
						return nil, err
					}
					all = append(all, r...)
				}
				return all, nil
			})
		}},
		{"any order", pure, func(ctx context.Context, k *kit) error {
			return k.compare(ctx, func(s *session) ([]*modalitypb.Result, error) {
				reversed := slices.Clone(k.samples)
				slices.Reverse(reversed)
				r, err := s.encode(ctx, reversed...)
				slices.Reverse(r)
				return r, err
			})
		}},
		{"two streams", "Guard what calls share: two streams may be open at once, though Encode is called for one at a time.", func(ctx context.Context, k *kit) error {
			return k.compare(ctx, func(s *session) ([]*modalitypb.Result, error) {
				var both sync.WaitGroup
				var first []*modalitypb.Result
				var firstErr error
				both.Go(func() { first, firstErr = s.encode(ctx, k.samples...) })
				second, err := s.encode(ctx, k.samples...)
				both.Wait()
				if err := errors.Join(firstErr, err); err != nil {
					return nil, err
				}
				return first, differ(second, first)
			})
		}},
		{"restart", pure, func(ctx context.Context, k *kit) error {
			return k.compare(ctx, func(*session) ([]*modalitypb.Result, error) {
				s, err := k.fresh(ctx)
				if err != nil {
					return nil, err
				}
				defer s.close()
				return s.encode(ctx, k.samples...)
			})
		}},
	}
}

// compare checks that another way to encode the samples gives the same.
func (k *kit) compare(ctx context.Context, again func(*session) ([]*modalitypb.Result, error)) error {
	s, want, err := k.encoded(ctx)
	if err != nil {
		return err
	}
	if !k.described.GetDeterministic() {
		return skip("the plugin says that it is not deterministic")
	}
	got, err := again(s)
	if err != nil {
		return err
	}
	return differ(got, want)
}

// troubleChecks are about what must not go wrong when other things do.
func troubleChecks() []check {
	return []check{
		{
			"unknown media type", "Refuse items that Info.Accepts does not list with an error for their sample; the SDK does.",
			func(ctx context.Context, k *kit) error {
				return k.survives(ctx, func(s *session) error {
					results, err := s.encode(ctx, &modalitypb.Sample{Id: "odd", Items: []*modalitypb.Item{
						{MediaType: "application/x-sdktest", Payload: &modalitypb.Item_Data{Data: []byte{1}}},
					}})
					if err == nil && results[0].GetError() == nil {
						err = fmt.Errorf("an item of an unknown media type became %s", outline(results[0]))
					}
					return err
				})
			},
		},
		{
			"broken items", "Return an error for a sample that cannot be decoded, and check sizes before indexing: the other samples go on.",
			func(ctx context.Context, k *kit) error {
				return k.survives(ctx, func(s *session) error {
					for _, sample := range broken(k.described.GetMediaTypes()) {
						if _, err := s.encode(ctx, sample); err != nil {
							return fmt.Errorf("%s: %w", sample.GetId(), err)
						}
					}
					return nil
				})
			},
		},
		{
			"cancel", "Look at ctx between the parts of long work, and return ctx.Err() when it is done.",
			cancelReturns,
		},
		{
			"privacy", "Keep texts, values and identifiers of samples out of logs and errors: what a sample is about is private.",
			saysNothing,
		},
	}
}

// broken are samples with what no decoder expects, for each media type.
func broken(mediaTypes []string) []*modalitypb.Sample {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	payloads := []struct {
		name string
		item modalitypb.Item
	}{
		{"an empty item", modalitypb.Item{}},
		{"data that is noise", modalitypb.Item{Payload: &modalitypb.Item_Data{Data: []byte("\x00\xff\x89PN\x1b[G{\"<")}}},
		{"a file that is not there", modalitypb.Item{Payload: &modalitypb.Item_Path{Path: "/nowhere/sdktest"}}},
		{"a row of odd numbers", modalitypb.Item{Payload: &modalitypb.Item_Row{
			Row: &modalitypb.Row{Names: []string{"", "a", "b"}, Values: []float32{nan, inf, math.MaxFloat32}},
		}}},
		{"a row without values", modalitypb.Item{Payload: &modalitypb.Item_Row{Row: &modalitypb.Row{Names: []string{"a"}}}}},
	}
	var all []*modalitypb.Sample
	for _, mediaType := range mediaTypes {
		for i := range payloads {
			item := proto.CloneOf(&payloads[i].item)
			item.MediaType = mediaType
			all = append(all, &modalitypb.Sample{Id: payloads[i].name + " of " + mediaType, Items: []*modalitypb.Item{item}})
		}
	}
	return all
}

// survives checks that the plugin encodes as before once trouble has happened.
func (k *kit) survives(ctx context.Context, trouble func(*session) error) error {
	s, err := k.ready(ctx)
	if err != nil {
		return err
	}
	if err := trouble(s); err != nil {
		return err
	}
	if len(k.samples) == 0 {
		_, err := s.encode(ctx, &modalitypb.Sample{Id: "nothing"})
		return err
	}
	_, want, err := k.encoded(ctx)
	if err != nil {
		return err
	}
	got, err := s.encode(ctx, k.samples...)
	if err != nil || !k.described.GetDeterministic() {
		return err
	}
	return differ(got, want)
}

const (
	// cancelTries is how often a call is cancelled: once in a while a machine that does much
	// else has not begun it by then.
	cancelTries = 3
	// cancelCopies is how often the samples are repeated to make work that lasts.
	cancelCopies = 256
	// cancelBytes bounds that work for large samples.
	cancelBytes = 16 << 20
)

func cancelReturns(ctx context.Context, k *kit) error {
	s, _, err := k.encoded(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := s.encode(ctx, k.samples[0]); err != nil {
		return err
	}
	usual := time.Since(began)
	most := k.described.GetMaxBatch()
	var work []*modalitypb.Sample
	size := 0
	for i := range cancelCopies * len(k.samples) {
		sample := k.samples[i%len(k.samples)]
		size += proto.Size(sample)
		if size > cancelBytes || most > 0 && i >= int(most) {
			break
		}
		work = append(work, sample)
	}
	for range cancelTries {
		doomed, cancel := context.WithCancel(ctx)
		time.AfterFunc(50*time.Millisecond, cancel)
		_, _ = s.encodeRaw(doomed, work) // it may be done before it is cancelled
		cancel()
		began = time.Now()
		if _, err := s.encode(ctx, k.samples[0]); err != nil {
			return fmt.Errorf("after a cancelled call: %w", err)
		}
		if waited := time.Since(began) - usual; waited > k.patience.cancel {
			return fmt.Errorf("a cancelled call went on for %v", waited.Round(time.Millisecond))
		}
	}
	return nil
}

// shortest is how long a text must be for its appearance in a log to be no accident.
const shortest = 12

func saysNothing(ctx context.Context, k *kit) error {
	s, _, err := k.encoded(ctx)
	if err != nil {
		return err
	}
	const canary = "sdktest-canary-5b1f"
	secrets := []string{canary}
	var samples []*modalitypb.Sample
	for _, sample := range k.samples {
		sample = proto.CloneOf(sample)
		sample.Id = canary
		for _, item := range sample.GetItems() {
			if text := string(item.GetData()); len(text) >= shortest && strings.HasPrefix(item.GetMediaType(), "text/") {
				secrets = append(secrets, text)
			}
		}
		samples = append(samples, sample)
	}
	for _, mediaType := range []string{"text/plain", sdk.RowType, "application/json"} {
		samples = append(samples, &modalitypb.Sample{Id: canary, Items: []*modalitypb.Item{
			{MediaType: mediaType, Payload: &modalitypb.Item_Data{Data: []byte(canary)}},
		}})
	}
	results, err := s.encode(ctx, samples...)
	if err != nil {
		return err
	}
	k.close() // what it has written is in the log then
	log := s.log.String()
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			return errors.New("the log quotes a sample")
		}
		for _, r := range results {
			if e := r.GetError(); strings.Contains(e.GetSummary()+e.GetDetail()+e.GetPath(), secret) {
				return errors.New("the error of a sample quotes it")
			}
		}
	}
	return nil
}
