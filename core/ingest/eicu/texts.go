package eicu

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// writtenTable is a table of forms that were filled in: each row has a line, and where in
// the form it stands.
type writtenTable struct{ name, offset, entered, path, value string }

// written are the tables of forms.
var written = []writtenTable{
	{"note", "noteoffset", "noteenteredoffset", "notepath", "notetext"},
	{"physicalexam", "physicalexamoffset", "", "physicalexampath", "physicalexamtext"},
	{"pasthistory", "pasthistoryoffset", "pasthistoryenteredoffset", "pasthistorypath", "pasthistoryvaluetext"},
	{"treatment", "treatmentoffset", "", "treatmentstring", ""},
	{"admissiondx", "admitdxenteredoffset", "", "admitdxpath", "admitdxtext"},
}

// form is what was filled in at one time.
type form struct {
	stay            int
	recorded, known int64
}

// write reads a table of forms. Its rows come in any order: what belongs to the window
// waits in memory until the table is read. Of the rest the form waits without its text,
// for the guard to count.
func (in *importer) write(ctx context.Context, s *extract.Source, t writtenTable) error {
	columns := []string{"patientunitstayid", t.offset, t.path}
	value, entered := -1, -1
	if t.value != "" {
		value, columns = len(columns), append(columns, t.value)
	}
	if t.entered != "" {
		entered, columns = len(columns), append(columns, t.entered)
	}
	r, err := table.Open(ctx, s.Origin, in.Table, columns...)
	if err != nil {
		return err
	}
	forms := map[form][]byte{}
	for r.Next() {
		f, ok := in.form(r, entered)
		if !ok {
			continue
		}
		text := forms[f]
		if in.x.Admits(s, f.stay, f.recorded, f.known) {
			var entry []byte
			if value >= 0 {
				entry = r.Cell(value)
			}
			text = appendLine(text, r.Cell(2), entry)
		}
		forms[f] = text
	}
	if err := r.Close(); err != nil {
		return err
	}
	for _, f := range slices.SortedFunc(maps.Keys(forms), form.compare) {
		if err := in.x.Write(ctx, s, f.stay, f.recorded, f.known, strings.ToValidUTF8(string(forms[f]), "\uFFFD")); err != nil {
			return err
		}
	}
	return nil
}

// form finds the form that a row belongs to. It is false for a row of a stay that is not in
// the cohort, or without a time.
func (in *importer) form(r *table.Reader, entered int) (form, bool) {
	id, ok := r.Int(0)
	stay, chosen := in.byStay[id]
	if !ok || !chosen {
		return form{}, false
	}
	offset, ok := r.Int(1)
	known := offset
	if entered >= 0 {
		if later, ok := r.Int(entered); ok {
			known = max(offset, later)
		}
	}
	return form{stay, in.seconds(stay, offset), in.seconds(stay, known)}, ok && !r.Rejected()
}

// compare orders forms by stay and time.
func (f form) compare(g form) int {
	return cmp.Or(cmp.Compare(f.stay, g.stay), cmp.Compare(f.recorded, g.recorded), cmp.Compare(f.known, g.known))
}

// appendLine adds a row of a form as a sentence: the last two parts of where it stands, and
// what was entered if that is more.
func appendLine(text, path, value []byte) []byte {
	parts := bytes.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '|' })
	parts = parts[max(0, len(parts)-2):]
	for i, part := range parts {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, bytes.TrimSpace(part)...)
	}
	if value = bytes.TrimSpace(value); len(value) > 0 && (len(parts) == 0 || !bytes.Equal(bytes.TrimSpace(parts[len(parts)-1]), value)) {
		text = append(append(text, ' '), value...)
	}
	return append(text, ".\n"...)
}
