package model_test

import (
	"math"
	"testing"

	"github.com/fusemoe/fusemoe/core/model"
	"github.com/fusemoe/fusemoe/core/op"
	"github.com/fusemoe/fusemoe/routing"
)

// The steps that the pooling does not look at are left out of the last layer: the losses
// are the same bits as with them, dropout and noise included, and the gradients those of
// the same sum.
func TestWhatIsNotPooledIsNotMissed(t *testing.T) {
	for name, router := range routers() {
		if router.Unit != routing.Step {
			continue
		}
		t.Run(name, func(t *testing.T) {
			c := small()
			c.Router, c.Dropout, c.Router.Noise = router, 0.3, true
			c.Width, c.Hidden = 6, 7 // rows that begin at odd random numbers
			if router.Kind == routing.PerModality {
				c.Entropy = 0.1
			}
			part, whole := build[float64](t, c), build[float64](t, c)
			model.AllSteps(whole)
			for number := range uint64(2) {
				step := op.Step{Seed: 3, Number: number + 1, Training: true}
				got, want := train(t, part, step), train(t, whole, step)
				for term, v := range want {
					if got[term] != v {
						t.Errorf("step %d: the loss %s is %v, with all steps %v", number, term, got[term], v)
					}
				}
			}
			for i, p := range whole.Parameters() {
				for j, want := range p.Grad {
					if got := part.Parameters()[i].Grad[j]; math.Abs(got-want) > 1e-12*(1+math.Abs(want)) {
						t.Fatalf("%s: a gradient is %v, with all steps %v", p.Name, got, want)
					}
				}
			}
			got, want := predict(t, part, cohort[float64](5)), predict(t, whole, cohort[float64](5))
			for i := range want {
				if got[i] != want[i] {
					t.Errorf("sample %d: logit %v, with all steps %v", i, got[i], want[i])
				}
			}
		})
	}
}

func train(t *testing.T, m *model.Model[float64], step op.Step) model.Losses {
	t.Helper()
	losses, err := m.Train(nil, cohort[float64](7), step)
	if err != nil {
		t.Fatal(err)
	}
	return losses
}
