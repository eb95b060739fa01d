package data_test

import (
	"fmt"

	"github.com/fusemoe/fusemoe/core/data"
)

// A dataset in memory: two patients, one modality.
func ExampleBuilder() {
	b := data.NewBuilder(data.Description{
		Name: "ward", TimeUnit: "hours", Window: 24,
		Tasks:   []data.Task{{Name: "death", Kind: data.Binary, Columns: []string{"death"}}},
		Sources: []data.Source{{Name: "vitals", Kind: data.Rows, Columns: []string{"hr", "temp"}}},
	})
	b.Sample(data.Sample{ID: "a", Split: data.Train, Labels: map[string][]float64{"death": {0}}})
	b.Sample(data.Sample{ID: "b", Split: data.Train, Labels: map[string][]float64{"death": {1}}})
	b.Row("vitals", "a", 3, []string{"hr"}, []float32{84})
	b.Row("vitals", "a", 1, []string{"hr", "temp"}, []float32{81, 36.5})
	b.Row("vitals", "b", 2, []string{"hr"}, []float32{110})
	b.Row("vitals", "b", 25, []string{"hr"}, []float32{0})
	d, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	for sample, err := range d.Requests("vitals", d.Rows(data.Train)) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, item := range sample.Items {
			fmt.Println(sample.Id, item.Time, item.GetRow().Names, item.GetRow().Values)
		}
	}
	fmt.Println(d.Warnings)
	// Output:
	// a 1 [hr temp] [81 36.5]
	// a 3 [hr] [84]
	// b 2 [hr] [110]
	// [vitals: items at or after the end of the window of 24 hours are cut: 1]
}
