package core

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/fusemoe/fusemoe/core/checkpoint"
	"github.com/fusemoe/fusemoe/core/data"
	"github.com/fusemoe/fusemoe/core/kernel"
	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/core/train"
)

// pretrainingFolder has the log and the snapshots of a pretraining, in the folder of the
// training that follows it.
const pretrainingFolder = "pretraining"

// pretrain teaches the learner's model to fill in what is hidden of the training split. Its
// log and its snapshots go beside those of record, so that it is resumed as a training is.
func (rt *Runtime) pretrain(ctx context.Context, seed uint64, training *record) (err error) {
	c := rt.config.Pretrain
	record, err := training.ofPretraining(rt.resume)
	if err != nil {
		return err
	}
	seed = kernel.Key(seed, pretrainingStream)
	rows := rt.dataset.Rows(data.Train)
	m := rt.learner.model.Pretraining(c.Hide, scalesOf(rt.encoded, rows), seed)
	defer func() {
		err = errors.Join(err, m.Close(), record.close())
		if d := rt.machine.device; d != nil {
			d.Forget(m.Decoders())
		}
	}()
	meter := rt.progress.Stage(fmt.Sprintf("pretrain seed %d", rt.learner.seed), c.Epochs*len(rows))
	defer meter.Done()
	task := train.Task{
		Model: m, Pool: rt.machine.pool, Device: rt.machine.device, Rows: rows,
		Batch:   rt.batch,
		Score:   func(ctx context.Context) (float64, any, error) { return rt.judgePretraining(ctx, m, seed) },
		Stepped: func(s train.StepReport) { meter.Add(s.Samples) },
		Epoch: func(e train.EpochReport) error {
			metric := checkpoint.Metric{Name: model.Reconstruction, Value: -e.Score}
			record.judge(metric)
			meter.Note(epochNote(e, metric))
			return record.epoch(e)
		},
		Saved: func(s train.Snapshot) error { return record.saveSnapshot(rt, s) },
	}
	if task.From, err = record.loadSnapshot(rt); err != nil {
		return err
	}
	if task.From != nil {
		meter.Add(task.From.Epoch * len(rows))
	}
	result, err := train.Run(ctx, task, rt.trainingOptions(seed, c.Epochs))
	rt.log.Debug().Int("epochs", result.Epochs).Int("best", result.Best.Epoch).Msg("pretraining ended")
	return err
}

// pretrainingStream derives the seed of a pretraining from that of its training, so that
// both do not drop the same activations.
const pretrainingStream = 1

// judgePretraining is how well the hidden part of the validation split is filled in, the
// same part every time; higher is better.
func (rt *Runtime) judgePretraining(ctx context.Context, m *model.Pretraining[float32], seed uint64) (float64, any, error) {
	rows := rt.dataset.Rows(data.Val)
	var sum float64
	var number uint64
	for part := range slices.Chunk(rows, rt.network.EvalBatch) {
		if err := ctx.Err(); err != nil {
			return 0, nil, err
		}
		loss, err := m.Judge(rt.machine.pool, rt.batch(part), op.Step{Seed: seed, Number: number})
		if err != nil {
			return 0, nil, err
		}
		sum += loss * float64(len(part))
		number++
	}
	return -sum / float64(len(rows)), nil, nil
}

// scalesOf tells how the values of each modality are distributed over some samples.
func scalesOf(encoded []data.Encoded, rows []int) []model.Scale {
	var all []model.Scale
	for _, e := range encoded {
		s := model.Scale{Mean: channelMeans(e, rows), Deviation: make([]float64, e.Dim)}
		counts := make([]float64, e.Dim)
		for _, r := range rows {
			for i, v := range e.Sequences[r].Values {
				if o := e.Sequences[r].Observed; o == nil || o[i] {
					c := i % e.Dim
					s.Deviation[c] += (float64(v) - s.Mean[c]) * (float64(v) - s.Mean[c])
					counts[c]++
				}
			}
		}
		for c, n := range counts {
			s.Deviation[c] = math.Sqrt(s.Deviation[c] / max(n, 1))
			if s.Deviation[c] == 0 { // what is always the same is told in its own unit
				s.Deviation[c] = 1
			}
		}
		all = append(all, s)
	}
	return all
}

// ofPretraining is the record of what precedes a training; of none, none.
func (r *record) ofPretraining(resume bool) (*record, error) {
	if r == nil {
		return nil, nil //nolint:nilnil // nothing is recorded
	}
	of, err := openRecord(filepath.Join(r.dir, pretrainingFolder), resume)
	if err != nil {
		return nil, err
	}
	of.tracking = r.tracking
	return of, nil
}

// hasPretraining says that a pretraining in the folder can be resumed.
func hasPretraining(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, pretrainingFolder, snapshotFolder))
	return err == nil
}
