package ecg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/fusemoe/fusemoe/plugins/ecg/internal/autoencoder"
	"github.com/fusemoe/fusemoe/sdk"
)

// compressor is the encoder that an autoencoder learns.
type compressor struct {
	config    config
	threads   int
	seed      uint64
	resampler *resampler
	set       *autoencoder.Set     // to learn from
	encoder   *autoencoder.Encoder // that has learned
}

func newCompressor(cfg config, threads int, seed uint64) *compressor {
	return &compressor{
		config: cfg, threads: threads, seed: seed,
		resampler: newResampler(rate, cfg.Network.Rate),
		set:       autoencoder.NewSet(cfg.shape(), cfg.Network.Records, seed),
	}
}

// shape is what the autoencoder sees: as much of the seconds as it can halve six times.
func (c *config) shape() autoencoder.Shape {
	samples := int(math.Round(c.Seconds * float64(c.Network.Rate)))
	return autoencoder.Shape{
		Leads: leadCount, Length: samples / autoencoder.Multiple * autoencoder.Multiple, Width: c.Network.Width,
	}
}

func (c *compressor) names() []string {
	names := make([]string, c.config.Network.Width)
	for i := range names {
		names[i] = fmt.Sprintf("autoencoder:%d", i+1)
	}
	return names
}

func (c *compressor) prepare(t *tracing) prepared {
	out := make(prepared, leadCount)
	for i, x := range t.leads {
		if x != nil {
			out[i] = c.resampler.apply(x)
		}
	}
	return out
}

func (c *compressor) learn(p prepared) { c.set.Add(autoencoder.Window(p)) }

// reportEvery is how often a training that takes long says that it moves.
const reportEvery = 10 * time.Second

func (c *compressor) learned(ctx context.Context) (json.RawMessage, error) {
	log := sdk.Log(ctx)
	if c.set.Seen() > c.set.Len() {
		log.Info().Int("records", c.set.Len()).Int("of", c.set.Seen()).Msg("the autoencoder learns from a random part")
	}
	began, said := time.Now(), time.Now()
	encoder, err := autoencoder.Train(ctx, c.set, autoencoder.Options{
		Epochs: c.config.Network.Epochs, Threads: c.threads, Seed: c.seed,
		Report: func(p autoencoder.Progress) {
			if !p.Ended && time.Since(said) < reportEvery {
				return
			}
			said = time.Now()
			line := log.Info().Int("epoch", p.Epoch).Int("epochs", p.Epochs).Float64("loss", rounded(p.Loss))
			if !p.Ended {
				line.Int("records", p.Windows).Int("of", p.Of).Msg("training the autoencoder")
				return
			}
			line.Float64("val_loss", rounded(p.Validation)).Bool("best", p.Best).
				Str("after", said.Sub(began).Round(time.Second).String()).Msg("trained the autoencoder")
		},
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(encoder.State())
}

// rounded to four digits is what people read.
func rounded(x float64) float64 { return math.Round(x*1e4) / 1e4 }

func (c *compressor) restore(learned json.RawMessage) error {
	var s autoencoder.State
	if err := json.Unmarshal(learned, &s); err != nil { // sdk.Decode knows no bytes
		return fmt.Errorf("cannot be read: %w", err)
	}
	if s.Shape != c.config.shape() {
		return errors.New("has an autoencoder of another shape")
	}
	var err error
	c.encoder, err = autoencoder.Restore(s, c.threads)
	return err
}

// atOnce bounds the memory of encoding.
const atOnce = 32

func (c *compressor) vectors(of []prepared) ([][]float32, error) {
	if c.encoder == nil {
		return nil, errors.New("the autoencoder has learned nothing yet: Fit comes first")
	}
	out := make([][]float32, 0, len(of))
	for len(of) > 0 {
		n := min(atOnce, len(of))
		windows := make([]autoencoder.Window, n)
		for i, p := range of[:n] {
			windows[i] = autoencoder.Window(p)
		}
		out, of = append(out, c.encoder.Encode(windows)...), of[n:]
	}
	return out, nil
}
