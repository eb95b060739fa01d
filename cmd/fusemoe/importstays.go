package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fusemoe/fusemoe/core/ingest/eicu"
	"github.com/fusemoe/fusemoe/core/ingest/extract"
	"github.com/fusemoe/fusemoe/core/ingest/mimic"
	"github.com/fusemoe/fusemoe/core/ingest/table"
)

// stayFlags are the flags that the imports of stays in intensive care share.
type stayFlags struct {
	task, window, fold string
	extract.Options
}

func (f *stayFlags) add(cmd *cobra.Command, task string) {
	flags := cmd.Flags()
	flags.StringVar(&f.task, "task", task, "48-ihm (or other hours): death in hospital; los: discharge within 48 h after the window; 25-phe: phenotypes")
	flags.StringVar(&f.window, "window", "", "hours of each stay that are used, or whole (default: the task's)")
	flags.StringVar(&f.Variables, "variables", "", "map of measurements to use in place of the one that ships")
	f.addCohort(cmd)
}

// addCohort adds those that need no task.
func (f *stayFlags) addCohort(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Float64Var(&f.Rules.Gap, "gap", 0, "hours between the end of the window and what is predicted")
	flags.Float64Var(&f.Rules.MinAge, "min-age", 0, "leave out younger patients")
	flags.Float64Var(&f.Rules.MaxAge, "max-age", 0, "leave out older patients")
	flags.BoolVar(&f.Rules.FirstOnly, "first-stay", false, "only the first stay of each patient")
	flags.BoolVar(&f.Table.Lenient, "lenient", false, "skip and count rows that cannot be read")
	f.addSplit(cmd)
}

// addSplit adds what every import needs.
func (f *stayFlags) addSplit(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.To, "to", "", "dataset folder to write; it must be new or empty")
	flags.Uint64Var(&f.Plan.Seed, "seed", 0, "of the split by patient")
	flags.StringVar(&f.fold, "fold", "", "test on fold i of k, such as 1/5 (default: 70 % train, 15 % val, 15 % test)")
}

// options are what the flags say.
func (f *stayFlags) options(a *app) (extract.Options, error) {
	o, err := f.cohort(a)
	if err != nil {
		return o, err
	}
	if o.Task, err = extract.ParseTask(f.task); err != nil {
		return o, err
	}
	o.Rules.Window = o.Task.Window
	switch f.window {
	case "":
	case "whole":
		o.Rules.Window = 0
	default:
		if o.Rules.Window, err = strconv.ParseFloat(f.window, 64); err != nil || !(o.Rules.Window > 0) {
			return o, fmt.Errorf("--window %s is neither a number of hours nor whole", f.window)
		}
	}
	return o, nil
}

// cohort are the options that need no task.
func (f *stayFlags) cohort(a *app) (extract.Options, error) {
	o := f.Options
	if f.fold != "" {
		i, k, _ := strings.Cut(f.fold, "/")
		var err1, err2 error
		o.Plan.Fold, err1 = strconv.Atoi(i)
		o.Plan.Folds, err2 = strconv.Atoi(k)
		if errors.Join(err1, err2) != nil {
			return o, fmt.Errorf("--fold %s is not of the form 1/5", f.fold)
		}
	}
	o.Table.Skipped = &table.Skipped{}
	o.Sorting = func(modality string, values int64) table.Meter { return newValuesMeter(a.progress, modality, values) }
	o.Table.Begin = func(file string, bytes int64) table.Meter { return newTableMeter(a.progress, file, bytes) }
	return o, nil
}

// finish runs an import and prints its report.
func (a *app) finish(what string, o *extract.Options, run func() (*extract.Report, error)) error {
	settings, err := a.logSettings()
	if err != nil {
		return err
	}
	a.start(settings)
	report, err := run()
	if err != nil {
		return fmt.Errorf("import %s: %w", what, err)
	}
	a.progress.close()
	if err := report.WriteTable(a.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "\nwritten to %s\nnext: fusemoe run %s\n", o.To, filepath.Join(o.To, extract.ConfigFile))
	return err
}

// noArguments refuses what belongs to no flag.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misused(cmd, "%s belongs to no flag", args[0])
	}
	return nil
}

const longStays = `
The cohort, with what each step excludes, goes to flow.csv; what there is of each
channel to channels.csv; the map of measurements, to be edited and given to
--variables, to variables.yaml; a config that runs to config.yaml.

Nothing at or after the end of the window gets in, nor what was recorded before but
stored after it. Splits are by patient. Memory does not grow with the tables.`

func (a *app) importMIMICIVCommand() *cobra.Command {
	var f stayFlags
	o := mimic.Options{Version: mimic.IV}
	cmd := &cobra.Command{
		Use:   "mimic-iv",
		Short: "Import MIMIC-IV: stays in intensive care, with notes, X-rays and ECGs",
		Long: `Import MIMIC-IV, versions 2.2 to 3.1, from its tables as they come, .csv or .csv.gz;
and, where they are at hand, MIMIC-IV-Note, MIMIC-CXR-JPG and MIMIC-IV-ECG. What is
linked to a stay is found by patient and time.
` + longStays,
		Example: `  fusemoe import mimic-iv --hosp mimiciv/hosp --icu mimiciv/icu --to data/mortality
  fusemoe import mimic-iv --hosp mimiciv/hosp --icu mimiciv/icu --note mimic-iv-note/note \
      --cxr mimic-cxr-jpg --ecg mimic-iv-ecg --task 25-phe --min-age 18 --to data/phenotypes`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Hosp == "" || o.ICU == "" {
				return errors.New("import mimic-iv: give the folders of the tables with --hosp DIR and --icu DIR")
			}
			var err error
			if o.Options, err = f.options(a); err != nil {
				return fmt.Errorf("import mimic-iv: %w", err)
			}
			return a.finish("mimic-iv", &o.Options, func() (*extract.Report, error) { return mimic.Import(cmd.Context(), o) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Hosp, "hosp", "", "folder of the hospital's tables: patients, admissions, labevents, diagnoses_icd")
	flags.StringVar(&o.ICU, "icu", "", "folder of the units' tables: icustays, chartevents")
	flags.StringVar(&o.Note, "note", "", "folder of MIMIC-IV-Note: radiology")
	flags.StringVar(&o.CXR, "cxr", "", "folder of MIMIC-CXR-JPG: *-metadata.csv, files/")
	flags.StringVar(&o.ECG, "ecg", "", "folder of MIMIC-IV-ECG: record_list.csv, files/")
	f.add(cmd, "48-ihm")
	return cmd
}

func (a *app) importMIMICIIICommand() *cobra.Command {
	var f stayFlags
	o := mimic.Options{Version: mimic.III}
	cmd := &cobra.Command{
		Use:   "mimic-iii",
		Short: "Import MIMIC-III: stays in intensive care, with notes",
		Long: `Import MIMIC-III 1.4 from the folder of its tables as they come, ADMISSIONS.csv or
admissions.csv.gz. Notes are those that were charted within a stay, but for summaries
of the discharge.
` + longStays,
		Example: `  fusemoe import mimic-iii --tables mimic-iii-1.4 --to data/mortality
  fusemoe import mimic-iii --tables mimic-iii-1.4 --task los --first-stay --to data/los`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Hosp == "" {
				return errors.New("import mimic-iii: give the folder of the tables with --tables DIR")
			}
			o.ICU = o.Hosp
			var err error
			if o.Options, err = f.options(a); err != nil {
				return fmt.Errorf("import mimic-iii: %w", err)
			}
			return a.finish("mimic-iii", &o.Options, func() (*extract.Report, error) { return mimic.Import(cmd.Context(), o) })
		},
	}
	cmd.Flags().StringVar(&o.Hosp, "tables", "", "folder of the tables: PATIENTS, ADMISSIONS, ICUSTAYS, CHARTEVENTS, LABEVENTS, ...")
	f.add(cmd, "48-ihm")
	return cmd
}

func (a *app) importEICUCommand() *cobra.Command {
	var f stayFlags
	var o eicu.Options
	cmd := &cobra.Command{
		Use:   "eicu",
		Short: "Import eICU: stays in the intensive care of many hospitals, with what was written",
		Long: `Import the eICU Collaborative Research Database 2.0 from the folder of its tables as
they come, .csv or .csv.gz. Each table of measurements or texts that is there is a
modality: vitalperiodic, vitalaperiodic, lab, nursecharting, respiratorycharting,
intakeoutput, apacheapsvar, apachepredvar, patient; note, physicalexam, pasthistory,
treatment, admissiondx. What is predicted is of the hospital, not of the unit alone.
` + longStays + `
Only the texts of the window wait in memory until their table is read.`,
		Example: `  fusemoe import eicu --tables eicu-crd-2.0 --to data/mortality
  fusemoe import eicu --tables eicu-crd-2.0 --task 48-ihm --min-age 18 --first-stay --to data/adults`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Tables == "" {
				return errors.New("import eicu: give the folder of the tables with --tables DIR")
			}
			var err error
			if o.Options, err = f.options(a); err != nil {
				return fmt.Errorf("import eicu: %w", err)
			}
			return a.finish("eicu", &o.Options, func() (*extract.Report, error) { return eicu.Import(cmd.Context(), o) })
		},
	}
	cmd.Flags().StringVar(&o.Tables, "tables", "", "folder of the tables: patient, vitalperiodic, lab, note, ...")
	f.add(cmd, "24-ihm")
	return cmd
}
