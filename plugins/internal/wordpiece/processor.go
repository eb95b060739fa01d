package wordpiece

import (
	"encoding/json"
	"fmt"
)

// processor is the part of a tokenizer.json that says what stands around a text.
type processor struct {
	Type          string          `json:"type"`
	Begin         json.RawMessage `json:"cls"` // a piece and its number
	End           json.RawMessage `json:"sep"`
	Single        []templatePart  `json:"single"`
	SpecialTokens map[string]struct {
		IDs []int64 `json:"ids"`
	} `json:"special_tokens"`
}

// templatePart is a special piece, or the text if it is none.
type templatePart struct {
	Special *struct {
		ID string `json:"id"`
	} `json:"SpecialToken"`
}

// around are the pieces before and after a text.
func (p *processor) around(vocabulary map[string]int64) (begins, ends []int64, err error) {
	if p == nil {
		return nil, nil, nil
	}
	switch p.Type {
	case "BertProcessing", "RobertaProcessing":
		if begins, err = pair(p.Begin, vocabulary); err == nil {
			ends, err = pair(p.End, vocabulary)
		}
		return begins, ends, err
	case "TemplateProcessing":
		side := &begins
		for _, part := range p.Single {
			if part.Special == nil {
				side = &ends
				continue
			}
			*side = append(*side, p.SpecialTokens[part.Special.ID].IDs...)
		}
		return begins, ends, nil
	}
	return nil, nil, fmt.Errorf("its post_processor is a %q, which is not known", p.Type)
}

// pair reads ["[CLS]", 101].
func pair(data json.RawMessage, vocabulary map[string]int64) ([]int64, error) {
	var both [2]any
	if err := json.Unmarshal(data, &both); err != nil {
		return nil, fmt.Errorf("its post_processor names no piece: %w", err)
	}
	piece, _ := both[0].(string)
	id, ok := vocabulary[piece]
	if !ok {
		return nil, fmt.Errorf("its post_processor names %q, which its vocabulary lacks", piece)
	}
	return []int64{id}, nil
}
