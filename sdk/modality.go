package sdk

import (
	"context"
	"iter"

	"github.com/fusemoe/fusemoe/sdk/modalitypb"
)

// Modality encodes one kind of data. Its methods are called in this order and never
// two at a time:
//
//  1. Info, at any moment, before anything is loaded.
//  2. Configure, with the user's config; again later, which replaces the first.
//  3. Fit, if it is a Fitter, and then Configure with the fitted state.
//  4. Encode, or EncodeBatch if it is a BatchEncoder, any number of times.
//
// What Encode returns depends on the config, the fitted state and the sample alone: not
// on other samples, their order, or the time of day. That lets the core cache results and
// start the plugin again at any moment.
type Modality interface {
	// Info says what the modality is. It is quick and always the same.
	Info() Info

	// Configure checks the config and loads what encoding needs; it may take
	// minutes. It returns the width of the vectors that Encode will return. A
	// *Diagnostic as the error tells the user which config key is wrong. It begins
	// with c.Decode, from which the SDK also learns what the config may hold.
	Configure(ctx context.Context, c Config) (dim int, err error)

	// Encode turns one sample, which has at least one item, into a sequence. An
	// empty sequence says that the sample has nothing of this modality. An error
	// concerns this sample only.
	Encode(ctx context.Context, s Sample) (Sequence, error)
}

// Fitter is a Modality that learns from the training split before it encodes, such as
// means and deviations.
type Fitter interface {
	// Fit reads the samples of the training split once and returns what it learned,
	// at most MaxState bytes, never none. The next Configure receives it as
	// Config.State.
	Fit(ctx context.Context, samples iter.Seq2[Sample, error]) (state []byte, err error)
}

// BatchEncoder is a Modality that encodes several samples at once faster than one by
// one.
type BatchEncoder interface {
	// EncodeBatch returns one sequence per sample, in order, the same as Encode would.
	// If it fails, the samples are tried one by one to find out which is at fault.
	EncodeBatch(ctx context.Context, samples []Sample) ([]Sequence, error)
}

// FeatureNamer is a Modality whose values have names, such as channels.
type FeatureNamer interface {
	// Features returns one name per value of a vector. It is called after Configure.
	Features() []string
}

// Fingerprinter is a Modality whose results depend on more than its name, version,
// config and fitted state: on files that the config names, say.
type Fingerprinter interface {
	// Fingerprint changes whenever results could change; it is empty if this config names
	// no such thing. It is called after Configure.
	Fingerprint() string
}

// Summarizer is a Modality that has something to log once many samples are through,
// such as how many values it dropped.
type Summarizer interface {
	// Summarize is called after the last sample of each pass over the data.
	Summarize(ctx context.Context)
}

// Info describes a modality.
type Info struct {
	// Name is the plugin's name: small letters, digits and _, beginning with a letter.
	Name string
	// Version is the semantic version of the plugin. Raise it whenever the same
	// sample would be encoded differently: results are cached by it.
	Version string
	// Kind is what the vectors are.
	Kind Kind
	// Accepts lists the media types of the items that Encode understands. Samples
	// with items of other types never reach it.
	Accepts []string
	// Schema is the JSON Schema of the config. Empty, as it mostly is: the SDK derives
	// it from what Configure decodes.
	Schema string
	// MaxBatch is the largest number of samples that EncodeBatch takes; 0: any.
	MaxBatch int
	// Nondeterministic says that the same sample may be encoded differently the next
	// time, so that results must not be cached.
	Nondeterministic bool
}

// Kind is what the vectors of a sequence are.
type Kind int

const (
	// Measurements are named numeric channels, each observed or not.
	Measurements = Kind(modalitypb.Kind_KIND_MEASUREMENTS)
	// Embeddings are dense vectors, one per item.
	Embeddings = Kind(modalitypb.Kind_KIND_EMBEDDINGS)
)

// RowType is the media type of items that carry a Row.
const RowType = modalitypb.MediaTypeRow
