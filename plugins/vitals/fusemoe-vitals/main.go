// Command fusemoe-vitals is the vitals plugin as a program of its own.
package main

import (
	"github.com/fusemoe/fusemoe/plugins/vitals"
	"github.com/fusemoe/fusemoe/sdk"
)

func main() { sdk.Serve(vitals.New()) }
