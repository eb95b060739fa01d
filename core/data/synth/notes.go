package synth

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// note is a row of the table.
type note struct {
	hours float64
	text  string
}

// write draws the patient's notes: one at admission, and often one or two on the way.
func (p *patient) writeNotes() []note {
	r := p.random(noteStream)
	w := &writer{Rand: r, patient: p, blanks: r.Float64() < 0.5}
	all := []note{{0.5 + 5*r.Float64(), w.admission()}}
	for t := 14 + 10*r.Float64(); t < windowHours && r.Float64() < 0.6; t += 12 + 14*r.Float64() {
		all = append(all, note{t, w.progress()})
	}
	return all
}

// writer is who writes a patient's notes.
type writer struct {
	*rand.Rand
	patient *patient
	blanks  bool // de-identified as in MIMIC-IV, by underscores; else as in MIMIC-III
}

// one draws one of several wordings.
func (w *writer) one(of []string) string { return of[w.IntN(len(of))] }

// hidden is the mark in place of what identified somebody.
func (w *writer) hidden(what string) string {
	if w.blanks {
		return "___"
	}
	return fmt.Sprintf("[**%s %d**]", what, w.IntN(9000)+100)
}

// date is the mark in place of one.
func (w *writer) date() string {
	if w.blanks {
		return "___"
	}
	return fmt.Sprintf("[**21%02d-%d-%d**]", w.IntN(80)+10, w.IntN(12)+1, w.IntN(28)+1)
}

func (w *writer) admission() string {
	p := w.patient
	had, lacked := w.history()
	var b strings.Builder
	fmt.Fprintf(&b, "Name: %s  Unit No: %s\n\n", w.hidden("Known lastname"), w.hidden("Numeric Identifier"))
	fmt.Fprintf(&b, "Admission Date: %s\nAttending: %s\n\n", w.date(), w.hidden("Doctor Last Name"))
	why := w.complaint()
	fmt.Fprintf(&b, "CHIEF COMPLAINT: %s\n\nHISTORY OF PRESENT ILLNESS:\n", why)
	with := "no significant past medical history"
	if len(had) > 0 {
		with = "a history of " + strings.Join(had[:min(3, len(had))], ", ")
	}
	fmt.Fprintf(&b, "%d %s with %s who %s with %s. ", p.age, w.person(), with,
		w.one([]string{"presents", "was brought in by EMS", "was transferred from an outside hospital", "presented to the ED"}), why)
	fmt.Fprintf(&b, "%s\n", w.denial(lacked))
	b.WriteString("\nPAST MEDICAL HISTORY:\n")
	for i, d := range had {
		fmt.Fprintf(&b, "%d. %s\n", i+1, d)
	}
	if len(had) == 0 {
		b.WriteString("None.\n")
	}
	fmt.Fprintf(&b, "\nSOCIAL HISTORY:\n%s\n", w.one(function[w.dependence()]))
	fmt.Fprintf(&b, "\nPHYSICAL EXAM:\n%s\n", w.exam())
	fmt.Fprintf(&b, "\nASSESSMENT AND PLAN:\n%s\n%s\n", w.plan(4), w.codeStatus())
	return b.String()
}

func (w *writer) progress() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s MICU progress note\n\n", w.date(), w.one([]string{"Resident", "Attending", "Nursing", "Night float"}))
	// Who writes exaggerates: the words tell little beyond the chart.
	course := steady
	if normal(w.Rand, w.patient.shock, 1.3) > 0.5 {
		course = worse
	}
	fmt.Fprintf(&b, "24 HOUR EVENTS:\n%s %s\n\n", w.one(course), w.denial(nil))
	fmt.Fprintf(&b, "EXAM:\n%s\n\nPLAN:\n%s\n", w.exam(), w.plan(3))
	if w.Float64() < 0.7 {
		fmt.Fprintf(&b, "%s\n", w.codeStatus())
	}
	fmt.Fprintf(&b, "Signed: %s", w.hidden("Name Initial (PRE)"))
	return b.String()
}

// person is man or woman, in one of the usual ways.
func (w *writer) person() string {
	if w.patient.male {
		return w.one([]string{"year old man", "yo M", "y/o male", "year-old gentleman"})
	}
	return w.one([]string{"year old woman", "yo F", "y/o female", "year-old lady"})
}

// history draws the diseases that the patient has, and names some others. All of a
// patient's notes agree.
func (w *writer) history() (had, lacked []string) {
	for _, d := range diseases {
		if chance(w.Rand, d.offset+d.slope*w.patient.frailty) {
			had = append(had, w.one(d.names))
		} else {
			lacked = append(lacked, d.names[0])
		}
	}
	if w.patient.fibrillates && w.Float64() < 0.5 {
		had = append(had, "paroxysmal atrial fibrillation")
	}
	w.Shuffle(len(had), func(i, j int) { had[i], had[j] = had[j], had[i] })
	w.Shuffle(len(lacked), func(i, j int) { lacked[i], lacked[j] = lacked[j], lacked[i] })
	return had, lacked
}

// denial says what there is not: the same words as where there is.
func (w *writer) denial(lacked []string) string {
	complaints := slices.Clone(denied)
	w.Shuffle(len(complaints), func(i, j int) { complaints[i], complaints[j] = complaints[j], complaints[i] })
	text := fmt.Sprintf("%s %s, %s or %s.", w.one([]string{"Denies", "No", "Patient denies", "ROS negative for"}),
		complaints[0], complaints[1], complaints[2])
	if n := min(len(lacked), 1+w.IntN(3)); n > 0 {
		text += fmt.Sprintf(" %s %s.", w.one([]string{"No history of", "No known", "Denies any history of"}),
			strings.Join(lacked[:n], " or "))
	}
	return text
}

// complaint is sometimes about what is worst.
func (w *writer) complaint() string {
	p := w.patient
	worst, of := 0.4, complaint.any
	for _, place := range []struct {
		severity float64
		words    []string
	}{{p.shock, complaint.shock}, {p.lung, complaint.lung}, {p.heart, complaint.heart}, {p.frailty, complaint.frailty}} {
		if severity := normal(w.Rand, place.severity, 1.2); severity > worst {
			worst, of = severity, place.words
		}
	}
	return w.one(of)
}

// dependence is how much help the patient needed before, 0 to 3.
func (w *writer) dependence() int {
	score := normal(w.Rand, w.patient.frailty, 0.4)
	switch {
	case score < -0.7:
		return 0
	case score < 0.3:
		return 1
	case score < 1.1:
		return 2
	}
	return 3
}

func (w *writer) exam() string {
	p := w.patient
	looks, lungs, heart := sturdy, clear, regular
	if normal(w.Rand, p.frailty, 0.7) > 0.6 {
		looks = thin
	}
	if normal(w.Rand, p.lung, 1.5) > 0.4 {
		lungs = crackle
	}
	if p.fibrillates && w.Float64() < 0.6 {
		heart = irregular
	}
	return fmt.Sprintf("%s %s %s\n%s %s", w.one(looks), w.one(heart), w.one(lungs), w.one(abdomen), w.one(extremities))
}

func (w *writer) plan(sentences int) string {
	order := w.Perm(len(plans))
	var all []string
	for _, i := range order[:sentences] {
		all = append(all, plans[i])
	}
	return strings.Join(all, " ")
}

func (w *writer) codeStatus() string {
	if chance(w.Rand, 1.7*w.patient.frailty-2) {
		return w.one(doNot)
	}
	return w.one(fullCode)
}
