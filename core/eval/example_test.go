package eval_test

import (
	"encoding/json"
	"fmt"

	"github.com/fusemoe/fusemoe/core/eval"
)

func ExampleEvaluate() {
	p := eval.Predictions{
		Task:   eval.Task{Name: "in_hospital_death", Kind: eval.Binary, Columns: []string{"in_hospital_death"}},
		Labels: []float32{0, 0, 1, 0, 1},
		Scores: []float64{0.1, 0.4, 0.35, 0.2, 0.8},
	}
	m := eval.Evaluate(p, eval.Options{})
	fmt.Printf("AUROC %.3f, AUPRC %.3f\n", m.Value("auroc"), m.Value("auprc"))
	// Output: AUROC 0.833, AUPRC 0.833
}

func ExampleExpertUse() {
	use := eval.NewExpertUse([]string{"vitals", "notes"}, 1, 2)
	use.Add(0, 0, []float32{0.75, 0.25}) // one row of vitals
	use.Add(0, 1, []float32{0, 1})       // one row of notes
	text, _ := json.Marshal(use.Result().Layers[0].Share)
	fmt.Println(string(text))
	// Output: [[1,0],[0.2,0.8]]
}
