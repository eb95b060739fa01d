package notes

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/fusemoe/fusemoe/plugins/internal/onnx"
	"github.com/fusemoe/fusemoe/plugins/internal/wordpiece"
)

// network makes a vector of a note with a BERT-like network: it reads the note in chunks,
// each in a run of its own, and takes the mean of their vectors. A chunk among others
// would gain nothing on a processor (MiniLM, 64 tokens: 5.4 ms alone, 4.9 ms in eight),
// and could round differently.
type network struct {
	config    networkConfig
	tokenizer *wordpiece.Tokenizer
	session   *onnx.Network
	inputs    []string
	// length is how many tokens every chunk has if the network takes no other; 0: any.
	length  int
	threads int
	width   int
	print   string
}

// The inputs that a BERT-like network may have.
const (
	tokenIDs   = "input_ids"
	tokenMask  = "attention_mask"
	tokenTypes = "token_type_ids"
)

// openNetwork reads the network and its tokenizer and tries both on the longest chunk.
// Errors are *sdk.Diagnostic.
func openNetwork(c networkConfig, device string, threads int) (*network, error) {
	model, err := onnx.Read(c.Config)
	if err != nil {
		return nil, err
	}
	n := &network{config: c, threads: threads}
	if n.tokenizer, err = readTokenizer(c); err != nil {
		return nil, err
	}
	n.print = model.Fingerprint + " " + n.tokenizer.Fingerprint()
	if err := n.takeInputs(model.Inputs); err != nil {
		return nil, err
	}
	rank := 3 // one vector per token
	if c.Pooling == pooler {
		rank = 2
	}
	output, err := model.Output(c.Output, rank)
	if err != nil {
		return nil, err
	}
	if n.session, err = model.Open(device, n.inputs, output.Name); err != nil {
		return nil, err
	}
	vector, err := n.vector(n.tokenizer.Longest(c.Tokens))
	if err != nil {
		n.close()
		return nil, onnx.At("tokens", fmt.Sprintf("the network does not read a chunk of %d tokens: %v", c.Tokens, err),
			"lower onnx.tokens, or name the tokenizer that belongs to the network")
	}
	n.width = len(vector)
	return n, nil
}

func (n *network) close() {
	if n != nil {
		n.session.Close()
	}
}

// readTokenizer reads the tokenizer that is named, or the one beside the network.
func readTokenizer(c networkConfig) (*wordpiece.Tokenizer, error) {
	path := c.Tokenizer
	if path == "" {
		for _, name := range []string{"tokenizer.json", "vocab.txt"} {
			beside := filepath.Join(filepath.Dir(c.Model), name)
			if _, err := os.Stat(beside); !errors.Is(err, fs.ErrNotExist) {
				path = beside
				break
			}
		}
	}
	if path == "" {
		return nil, onnx.At("tokenizer", "neither tokenizer.json nor vocab.txt is beside the network", "give the path of the network's own")
	}
	t, err := wordpiece.Load(path)
	if err != nil {
		return nil, onnx.At("tokenizer", "cannot use "+path+": "+err.Error(), "give the tokenizer.json or the vocab.txt of the network")
	}
	return t, nil
}

// takeInputs checks that the network reads tokens.
func (n *network) takeInputs(inputs []onnx.Value) error {
	const detail = "export the network as a BERT-like encoder, with " + tokenIDs + ", " + tokenMask + " and perhaps " + tokenTypes
	for _, v := range inputs {
		switch {
		case !slices.Contains([]string{tokenIDs, tokenMask, tokenTypes}, v.Name):
			return onnx.At("model", "the network has an input that no note has: "+v.String(), detail)
		case len(v.Shape) != 2 || v.Type != onnx.Int64 && v.Type != onnx.Int32:
			return onnx.At("model", "the network's input is not of whole numbers in 2 dimensions: "+v.String(), detail)
		}
		n.inputs = append(n.inputs, v.Name)
		n.length = max(n.length, int(v.Shape[1]))
	}
	if !slices.Contains(n.inputs, tokenIDs) {
		return onnx.At("model", "the network has no input "+tokenIDs+", only "+strings.Join(n.inputs, ", "), detail)
	}
	if room := n.length - n.tokenizer.Around(); n.length > 0 && room < n.config.Tokens {
		return onnx.At("tokens", fmt.Sprintf("the network takes %d tokens, no more", room), fmt.Sprintf("set onnx.tokens: %d", room))
	}
	return nil
}

// encode returns the vector of each text; nil for one without a token.
func (n *network) encode(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][][]float32, len(texts)) // of the chunks of each
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(n.threads)
	for i, text := range texts {
		tokens := n.tokenizer.Chunks(text, n.config.Tokens)
		vectors[i] = make([][]float32, len(tokens))
		for j, chunk := range tokens {
			group.Go(func() (err error) {
				if err := ctx.Err(); err != nil {
					return err
				}
				vectors[i][j], err = n.vector(chunk)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("the network failed: %w", err)
	}
	out := make([][]float32, len(texts))
	for i, of := range vectors {
		out[i] = mean(of)
	}
	return out, nil
}

// vector is that of a chunk.
func (n *network) vector(chunk []int64) ([]float32, error) {
	size := max(len(chunk), n.length)
	columns := map[string][]int64{
		tokenIDs: slices.Clone(chunk), tokenMask: slices.Repeat([]int64{1}, len(chunk)), tokenTypes: make([]int64, size),
	}
	for range size - len(chunk) {
		columns[tokenIDs] = append(columns[tokenIDs], n.tokenizer.Padding())
		columns[tokenMask] = append(columns[tokenMask], 0)
	}
	inputs := make([]onnx.Tensor, len(n.inputs))
	for i, name := range n.inputs {
		inputs[i] = onnx.Tensor{Shape: []int64{1, int64(size)}, Ints: columns[name]}
	}
	values, shape, err := n.session.Run(inputs...)
	if err != nil {
		return nil, err
	}
	width := int(shape[len(shape)-1])
	want := size * width
	if n.config.Pooling == pooler {
		want = width
	}
	if width < 1 || len(values) != want {
		return nil, fmt.Errorf("for 1 chunk of %d tokens it gives %d", size, shape)
	}
	if n.config.Pooling != meanToken {
		return slices.Clone(values[:width]), nil
	}
	tokens := make([][]float32, len(chunk)) // those that fill up are not of the note
	for i := range tokens {
		tokens[i] = values[i*width : (i+1)*width]
	}
	return mean(tokens), nil
}

// mean is the mean of vectors, or nil if there are none.
func mean(vectors [][]float32) []float32 {
	if len(vectors) == 0 {
		return nil
	}
	sums := make([]float64, len(vectors[0]))
	for _, v := range vectors {
		for i, x := range v {
			sums[i] += float64(x)
		}
	}
	out := make([]float32, len(sums))
	for i, sum := range sums {
		out[i] = float32(sum / float64(len(vectors)))
	}
	return out
}
