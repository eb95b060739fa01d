package sdk

import (
	"context"
	"os"

	"github.com/rs/zerolog"
)

// stderr is the process's own standard error, which the host reads. go-plugin puts
// another file in os.Stderr while it serves, and what is written there gets lost.
var stderr = os.Stderr

// LogLevelEnv names the variable by which the host tells which lines it wants.
const LogLevelEnv = "FUSEMOE_PLUGIN_LOG"

// Log returns the logger of the call that ctx belongs to. Its lines reach the core's log
// with their level and fields, marked with the plugin's name. Lines must not
// contain anything of a patient: no text, no values, no identifiers.
func Log(ctx context.Context) *zerolog.Logger { return zerolog.Ctx(ctx) }

// processLogger writes what the host reads from the plugin's standard error.
func processLogger() zerolog.Logger {
	level, err := zerolog.ParseLevel(os.Getenv(LogLevelEnv))
	if err != nil || level == zerolog.NoLevel {
		level = zerolog.InfoLevel
	}
	return zerolog.New(stderr).Level(level)
}
