package cohort

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteTable prints the flow for people. Outcome is what its counts call deaths.
func (f Flow) WriteTable(w io.Writer, outcome string) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	var b strings.Builder
	fmt.Fprintf(&b, "excluded\tstays\tpatients\t%s\t  cohort\n", outcome)
	for i, s := range f {
		excluded := ""
		if i > 0 {
			excluded = strconv.Itoa(s.Excluded.Stays)
		}
		fmt.Fprintf(&b, "%s\t%d\t%d\t%d\t  %s\n", excluded, s.Left.Stays, s.Left.Patients, s.Left.Deaths, s.Reason)
	}
	if _, err := io.WriteString(t, b.String()); err != nil {
		return err
	}
	return t.Flush()
}

// WriteCSV writes the flow for machines.
func (f Flow) WriteCSV(w io.Writer, outcome string) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"step", "excluded_stays", "excluded_patients", "excluded_" + outcome, "stays", "patients", outcome}}
	for _, s := range f {
		row := []string{s.Reason}
		for _, n := range []int{s.Excluded.Stays, s.Excluded.Patients, s.Excluded.Deaths, s.Left.Stays, s.Left.Patients, s.Left.Deaths} {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	return out.WriteAll(rows)
}
