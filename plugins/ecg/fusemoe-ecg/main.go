// Command fusemoe-ecg is the ecg plugin as a program of its own.
package main

import (
	"github.com/fusemoe/fusemoe/plugins/ecg"
	"github.com/fusemoe/fusemoe/sdk"
)

func main() { sdk.Serve(ecg.New()) }
