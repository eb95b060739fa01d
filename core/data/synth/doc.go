// Package synth writes a synthetic cohort as raw files of four modalities, in the
// formats that hospitals use: charts, notes, electrocardiograms and chest images.
//
//	report, err := synth.Write(ctx, synth.Options{Samples: 2000, Seed: 1, To: "cohort"})
//
// Nobody in it ever lived. It is there to try the whole way from files to report, with
// data that may be shown to anybody; it says nothing about medicine, and a result on it
// is no clinical evidence.
//
// # The model
//
// Each patient has four hidden severities, standard normal and correlated by 0.12:
// shock, lung, heart and frailty. The chance of death in hospital is
//
//	σ(-2.7 + 1.35 (shock + lung + heart + frailty) + 0.35 shock heart)
//
// and the outcome is drawn from it. Every modality tells much of one severity and
// little of the others:
//
//   - Measurements, at irregular times over 48 hours: heart rate, blood pressure,
//     temperature and laboratory values follow shock; oxygen saturation and the rate
//     of breathing follow lung, but loosely, since oxygen is given; troponin is taken
//     from few. Shock moves towards its final value during the window, so that late
//     values tell most.
//   - Notes: frailty decides the list of old diseases, what the patient can still do
//     alone, and the code status, in sentences of varying wording with what is denied
//     among them. What is heard over lungs and heart is mentioned, unreliably.
//   - Electrocardiograms: heart decides ST segments, T waves, the width of the QRS
//     complex, extra beats and, by chance, atrial fibrillation; shock makes the rhythm
//     fast.
//   - Chest images: lung decides how many opacities there are, how dense, and whether
//     there is fluid; heart widens the heart's shadow a little.
//
// Measurements exist for 98.5 % of the patients, notes for 91 %, an electrocardiogram
// for 52 % and a chest image for 25 %: but for the first, the rates of the paper's
// MIMIC-IV cohort (Han et al. 2024). Who is sicker at heart or lung is a little more
// likely to have the examination. Every sample has at least one modality.
//
// The probability of death is written beside the outcome, as the column risk of the
// samples, which nothing reads: its AUROC is what nobody can surpass.
//
// All of it is a function of the seed: the same files, byte for byte, on the same kind
// of processor.
package synth
