package main

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/fusemoe/fusemoe/core/config"
	"github.com/fusemoe/fusemoe/examples"
)

// logFlags are the global flags as settings.
func (a *app) logFlags() []config.Assignment {
	var out []config.Assignment
	if a.logLevel != "" {
		out = append(out, config.Assignment{Flag: "--log-level", Key: "log.level", Value: a.logLevel})
	}
	if a.logFormat != "" {
		out = append(out, config.Assignment{Flag: "--log-format", Key: "log.format", Value: a.logFormat})
	}
	return out
}

// logSettings are those of a command without a config: flags, environment, defaults.
func (a *app) logSettings() (config.Log, error) {
	environ := slices.DeleteFunc(slices.Clone(a.environ), func(entry string) bool {
		return !strings.HasPrefix(entry, "FUSEMOE_LOG_")
	})
	cfg, err := config.Load(config.Sources{
		File: exampleName, Text: examples.Config(), Environ: environ, Flags: a.logFlags(),
	})
	if err != nil {
		return config.Log{}, err
	}
	return cfg.Log, nil
}

// start opens the log and the progress display, which share standard error.
func (a *app) start(settings config.Log) zerolog.Logger {
	level, err := zerolog.ParseLevel(string(settings.Level))
	if err != nil {
		level = zerolog.InfoLevel // config knows no level that zerolog does not
	}
	// Lines go through the progress display, which puts them above its bars.
	var w io.Writer = a.progress
	if settings.Format == config.FormatConsole {
		w = zerolog.ConsoleWriter{
			Out: w, TimeFormat: time.TimeOnly, NoColor: !a.terminal || a.has("NO_COLOR"),
			FieldsOrder: []string{"done", "of", "rate", "left", "took", "news"},
		}
	}
	log := zerolog.New(w).Level(level).With().Timestamp().Logger()
	if a.terminal && settings.Format == config.FormatConsole {
		a.progress.show(newBars(a.err))
	} else {
		a.progress.show(&lines{log: log, err: a.err, now: time.Now})
	}
	return log
}

// has tells whether an environment variable is set to something.
func (a *app) has(name string) bool {
	return slices.ContainsFunc(a.environ, func(entry string) bool {
		return strings.HasPrefix(entry, name+"=") && len(entry) > len(name)+1
	})
}
