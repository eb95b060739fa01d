// Command fusemoe-cxr is the chest X-ray plugin as a program of its own.
package main

import (
	"github.com/fusemoe/fusemoe/plugins/cxr"
	"github.com/fusemoe/fusemoe/sdk"
)

func main() { sdk.Serve(cxr.New()) }
